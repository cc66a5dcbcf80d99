import type { Clock, Timer } from '../clock.ts'

/** Milliseconds in which a client that has closed its side gets some answer, or is taken for one that has left. */
const longestSilence = 30_000

export interface HalfClosedConnection {
  readonly closed: Promise<void>
  /** An answer waits for the client to read: that has a limit of its own. */
  readonly isSending: boolean
  end(): void
}

/**
 * Ends a connection whose client has closed its side where nothing is answered for long. It may have left altogether: the
 * system does not say so where nothing is read or written any more.
 */
export class AnswerDeadline {
  readonly #clock: Clock
  readonly #connection: HalfClosedConnection
  #due = 0
  #timer: Timer | undefined

  constructor(clock: Clock, connection: HalfClosedConnection) {
    this.#clock = clock
    this.#connection = connection
    this.answered()
    this.#look()
    void connection.closed.then(() => this.#timer?.cancel())
  }

  answered(): void {
    this.#due = this.#clock.monotonic() + longestSilence
  }

  #look(): void {
    if (this.#connection.isSending) this.answered()
    const left = this.#due - this.#clock.monotonic()
    if (left <= 0) this.#connection.end()
    else this.#timer = this.#clock.after(left, () => this.#look())
  }
}
