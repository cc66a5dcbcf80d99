import type { Clock } from 'mailwright'

/** Milliseconds: whoever delivers to an account goes on at once, and the next who does need not look again. */
const lately = 1000
// They are forgotten when there are more.
const most = 10_000

/** Which accounts' Maildirs were found ready a moment ago. Who finds that one is gone meanwhile makes it. */
export class SeenInboxes {
  readonly #clock: Clock
  /** By path, on the clock's monotonic scale. */
  readonly #times = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  see(path: string): void {
    if (this.#times.size >= most) this.#times.clear()
    this.#times.set(path, this.#clock.monotonic())
  }

  wasSeen(path: string): boolean {
    return this.#clock.monotonic() - (this.#times.get(path) ?? Number.NEGATIVE_INFINITY) < lately
  }
}
