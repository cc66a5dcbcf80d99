import type { Clock, Timer } from 'mailwright'

const shortest = 1_000
const longest = 64_000

/** A look at the store that has failed and is wanted once more: whoever waits for news hears of nothing else until then. */
export class LaterLook {
  readonly #clock: Clock
  #timer: Timer | undefined
  #delay = shortest

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls back, each time later as long as it fails. */
  hasFailed(again: () => void): void {
    this.#timer?.cancel()
    this.#timer = this.#clock.after(this.#delay, again)
    this.#delay = Math.min(2 * this.#delay, longest)
  }

  isDone(): void {
    this.end()
    this.#delay = shortest
  }

  /** Nobody is called back any more. */
  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
