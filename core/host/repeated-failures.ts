import type { Clock } from '../clock.ts'

/** Milliseconds in which the same failure is news once. */
const period = 60_000
const mostKnown = 1_000

/** Failures that come again with every message until somebody else has done his part. */
export class RepeatedFailures {
  readonly #clock: Clock
  readonly #known = new Set<string>()
  #since: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#since = clock.monotonic()
  }

  /** Whether there was the same one a short time ago. Notes it. */
  has(failure: string): boolean {
    const now = this.#clock.monotonic()
    if (now - this.#since >= period || this.#known.size >= mostKnown) {
      this.#known.clear()
      this.#since = now
    }
    if (this.#known.has(failure)) return true
    this.#known.add(failure)
    return false
  }
}
