import type { Clock } from 'mailwright'

/** Milliseconds that the slow searches of a table may take at once. */
const most = 1_000
/** The part of the thread's time that they may go on to take. */
const share = 0.1
/** Milliseconds; what takes less is honest, and is not counted. */
const slow = 10

/** How much of the one thread's time the slow searches of a table have taken: about one second in ten is all they get. */
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

  /** Counts what a search takes, also where it is stopped. */
  measure<T>(search: () => T): T {
    const began = this.#clock.monotonic()
    try {
      return search()
    } finally {
      const ended = this.#clock.monotonic()
      if (ended - began >= slow) {
        this.#used = this.#usedAt(began) + ended - began
        this.#since = ended
      }
    }
  }

  #usedAt(now: number): number {
    return Math.max(0, this.#used - (now - this.#since) * share)
  }
}
