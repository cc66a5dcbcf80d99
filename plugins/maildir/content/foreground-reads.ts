import type { Clock, Timer } from 'mailwright'

/** Reads that somebody waits for: what is only prepared for later lets them go first. */
export class ForegroundReads {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Says that one begins; to be called with its end. */
  begin(): () => void {
    let isOver = false
    this.#count += 1
    return () => {
      if (isOver) return
      isOver = true
      this.#count -= 1
      if (this.#count === 0) for (const wake of this.#waiting) wake()
    }
  }

  /** Resolves when there is none, but after so many milliseconds in any case: who reads slowly holds nothing up for ever. */
  async none(patience: number): Promise<void> {
    if (this.#count === 0 || patience <= 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer: Timer = this.#clock.after(patience, resolve)
    this.#waiting.add(resolve)
    await promise
    this.#waiting.delete(resolve)
    timer.cancel()
  }
}
