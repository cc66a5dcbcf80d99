import type { Clock } from 'mailwright'

/** Milliseconds that the stopped searches of a table may take at once. */
const most = 1_000
/** The part of the time that they may go on to take. */
const share = 0.1

/**
 * How much time the searches of a table have taken that had to be stopped: beyond about one second in ten, none of them gets
 * more than what an honest one needs.
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

  /** A search was stopped after so many milliseconds. */
  add(milliseconds: number): void {
    const now = this.#clock.monotonic()
    this.#used = this.#usedAt(now) + milliseconds
    this.#since = now
  }

  #usedAt(now: number): number {
    return Math.max(0, this.#used - (now - this.#since) * share)
  }
}
