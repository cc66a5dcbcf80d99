/** A pending call that can be called off. */
export interface Timer {
  cancel(): void
}

/** Time as plugins and core see it, so that tests can hold it still and move it. */
export interface Clock {
  /** Milliseconds since 1970, for dates and records. May jump when the machine's clock is set. */
  now(): number
  /** Milliseconds from an arbitrary start, for durations. Never goes back. */
  monotonic(): number
  /** Calls `run` once after so many milliseconds. Does not keep the process alive by itself. */
  after(milliseconds: number, run: () => void): Timer
}

// What setTimeout can count to; beyond it would not wait at all.
const longestTimeout = 2 ** 31 - 1

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, run) {
    let timer: NodeJS.Timeout
    const wait = (rest: number) => {
      const now = Math.min(rest, longestTimeout)
      timer = setTimeout(() => (rest > now ? wait(rest - now) : run()), now)
      timer.unref()
    }
    wait(milliseconds)
    return { cancel: () => clearTimeout(timer) }
  },
}
