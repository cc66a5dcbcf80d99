import type { Clock } from 'mailwright'

/** Milliseconds that the stopped searches of a table may take at once. */
const most = 1_000
/** The part of the thread's time that they may go on to take. */
const share = 0.1

/**
 * How much of the one thread's time the searches of a table have taken that had to be stopped: about one second in ten is all they get.
 * What comes to its end is honest: a large table takes its time for every key.
 */
export class SearchTime {
  readonly #clock: Pick<Clock, 'monotonic'>
  #used = 0
  #since = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  get isUsedUp(): boolean {
    return this.#usedAt(this.#clock.monotonic()) >= most
  }

  /** Counts what a search takes that is stopped. */
  measure<T>(search: () => T): T {
    const began = this.#clock.monotonic()
    try {
      return search()
    } catch (error) {
      const ended = this.#clock.monotonic()
      this.#used = this.#usedAt(began) + ended - began
      this.#since = ended
      throw error
    }
  }

  #usedAt(now: number): number {
    return Math.max(0, this.#used - (now - this.#since) * share)
  }
}
