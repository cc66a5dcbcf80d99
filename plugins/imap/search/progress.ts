import type { Timer } from 'mailwright'
import type { ImapSession } from 'mailwright/imap'

// RFC 9585 §4: every 10-15 seconds is recommended.
const interval = 10_000

/** Tells a client that its command goes on, and how far it is (RFC 9585). */
export class Progress {
  readonly #session: ImapSession
  readonly #tag: string
  #done = 0
  #total = 0
  #isOver = false
  #timer: Timer | undefined
  /** The notice that is being sent. */
  #sending: Promise<void> = Promise.resolve()
  #loss: { readonly error: unknown } | undefined

  constructor(session: ImapSession, tag: string) {
    this.#session = session
    // RFC 9585 §4: a bracket would end the response code.
    this.#tag = tag.includes(']') ? 'NIL' : `"${tag}"`
  }

  /** Notes how much is done. Throws what sending failed with: nobody waits for the rest. */
  is(done: number, total: number): void {
    if (this.#loss !== undefined) throw this.#loss.error
    this.#done = done
    this.#total = total
  }

  /** Tells it at intervals while work that writes nothing itself is being done. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#isOver = false
    this.#wait()
    try {
      return await work()
    } finally {
      this.#isOver = true
      this.#timer?.cancel()
      await this.#sending
    }
  }

  #wait(): void {
    this.#timer = this.#session.server.clock.after(interval, () => {
      this.#sending = this.#send().catch((error: unknown) => {
        this.#loss = { error }
      })
    })
  }

  async #send(): Promise<void> {
    const { out } = this.#session
    const state = this.#done < this.#total ? `${this.#done} ${this.#total}` : 'NIL NIL'
    out.untagged(`OK [INPROGRESS (${this.#tag} ${state})] Still at work`)
    await out.flush()
    if (!this.#isOver) this.#wait()
  }
}
