import type { Clock } from 'mailwright'

/** Milliseconds that the long searches of a table may take at once. */
const most = 1_000
/** The part of the thread's time that they may go on to take. */
const share = 0.1

/**
 * How much of the one thread's time the searches of a table have taken that had to be stopped, or took longer than is honest:
 * about one second in ten is all they get.
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

  /** Counts all that a search takes, where it is stopped or takes more than `honest` milliseconds. */
  measure<T>(honest: number, search: () => T): T {
    const began = this.#clock.monotonic()
    let isStopped = true
    try {
      const found = search()
      isStopped = false
      return found
    } finally {
      const ended = this.#clock.monotonic()
      if (isStopped || ended - began > honest) {
        this.#used = this.#usedAt(began) + ended - began
        this.#since = ended
      }
    }
  }

  #usedAt(now: number): number {
    return Math.max(0, this.#used - (now - this.#since) * share)
  }
}
