import type { Clock, Timer } from '../clock.ts'

/** Milliseconds in which a client that has closed its side gets some answer, or is taken for one that has left. */
const longestSilence = 30_000

/**
 * Closes a connection whose client has closed its side where nothing is answered for long. It may have left altogether: the
 * system does not say so where nothing is read or written any more.
 */
export class AnswerDeadline {
  readonly #clock: Clock
  readonly #destroy: () => void
  #due = 0
  #timer: Timer | undefined

  constructor(clock: Clock, connection: { readonly closed: Promise<void>; destroy(): void }) {
    this.#clock = clock
    this.#destroy = () => connection.destroy()
    this.answered()
    this.#look()
    void connection.closed.then(() => this.#timer?.cancel())
  }

  answered(): void {
    this.#due = this.#clock.monotonic() + longestSilence
  }

  #look(): void {
    const left = this.#due - this.#clock.monotonic()
    if (left <= 0) this.#destroy()
    else this.#timer = this.#clock.after(left, () => this.#look())
  }
}
