import type { Clock } from '../clock.ts'

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves on by so many milliseconds and runs what falls due, in its order, each with the clock at its time. */
  advance(milliseconds: number): void
  /** Sets the wall clock, as an administrator would; timers and `monotonic` do not notice. */
  set(now: number | Date): void
  /** How many timers wait. */
  readonly waiting: number
}

interface WaitingTimer {
  readonly due: number
  readonly run: () => void
}

/** Makes a clock that stands at a time: 2026-01-01 where none is given. */
export function fakeClock(start: number | Date = Date.UTC(2026, 0, 1)): FakeClock {
  let offset = Number(start)
  let elapsed = 0
  const timers = new Set<WaitingTimer>()
  const nextDue = (limit: number): WaitingTimer | undefined => {
    let next: WaitingTimer | undefined
    for (const timer of timers)
      if (timer.due <= limit && (next === undefined || timer.due < next.due)) next = timer
    return next
  }
  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    after(milliseconds, run) {
      const timer = { due: elapsed + Math.max(0, milliseconds), run }
      timers.add(timer)
      return { cancel: () => void timers.delete(timer) }
    },
    advance(milliseconds) {
      const end = elapsed + milliseconds
      for (let timer = nextDue(end); timer !== undefined; timer = nextDue(end)) {
        timers.delete(timer)
        elapsed = timer.due
        timer.run()
      }
      elapsed = end
    },
    set(now) {
      offset = Number(now) - elapsed
    },
    get waiting() {
      return timers.size
    },
  }
}
