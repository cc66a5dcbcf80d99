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
    const arm = (rest: number) => {
      const now = Math.min(rest, longestTimeout)
      timer = setTimeout(() => (rest > now ? arm(rest - now) : run()), now)
      timer.unref()
    }
    arm(milliseconds)
    return { cancel: () => clearTimeout(timer) }
  },
}

/**
 * Resolves after so many milliseconds of the clock. The process lives as long as somebody waits. Rejects with the signal's reason
 * when that aborts.
 */
export function wait(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    // The clock's timers keep no process alive; a command that waits for its turn must not end meanwhile.
    const alive = setInterval(() => undefined, 2 ** 30)
    const end = (): void => {
      clearInterval(alive)
      timer.cancel()
      signal?.removeEventListener('abort', abort)
    }
    const abort = (): void => {
      end()
      reject(signal?.reason as Error)
    }
    const timer = clock.after(milliseconds, () => {
      end()
      resolve()
    })
    signal?.addEventListener('abort', abort)
  })
}
