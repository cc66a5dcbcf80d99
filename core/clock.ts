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

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
