import type { Clock, Timer, Transaction } from 'mailwright'
import type { ReplacementBody } from './replacement-body.ts'

// Milliseconds that a message may still be read after its transaction: where the client leaves, its delivery goes on.
const afterwards = 600_000

interface Kept {
  readonly bodies: ReplacementBody[]
  /** Whether somebody delivers the message. */
  isOnItsWay: boolean
  timer: Timer | undefined
}

/** Bodies that are part of messages on their way, each kept until nobody reads it any more. */
export class KeptBodies {
  readonly #clock: Clock
  readonly #kept = new Map<Transaction, Kept>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Transactions whose bodies are kept. */
  get size(): number {
    return this.#kept.size
  }

  keep(transaction: Transaction, body: ReplacementBody): void {
    const before = this.#kept.get(transaction)
    if (before !== undefined) {
      before.bodies.push(body)
      return
    }
    this.#kept.set(transaction, { bodies: [body], isOnItsWay: false, timer: undefined })
    if (transaction.signal.aborted) this.#over(transaction)
    else transaction.signal.addEventListener('abort', () => this.#over(transaction), { once: true })
  }

  /** The message goes on to whoever delivers it. */
  onItsWay(transaction: Transaction): void {
    const kept = this.#kept.get(transaction)
    if (kept !== undefined) kept.isOnItsWay = true
  }

  /** The message is durable elsewhere, or nobody wants it. */
  done(transaction: Transaction): void {
    this.#take(transaction).forEach((body) => {
      body.dispose().catch(() => undefined)
    })
  }

  /** The end: nothing is read any more. */
  async stop(): Promise<void> {
    const bodies = [...this.#kept.keys()].flatMap((transaction) => this.#take(transaction))
    await Promise.all(bodies.map((body) => body.dispose()))
  }

  #over(transaction: Transaction): void {
    const kept = this.#kept.get(transaction)
    if (kept?.isOnItsWay === true) kept.timer = this.#clock.after(afterwards, () => this.done(transaction))
    else this.done(transaction)
  }

  #take(transaction: Transaction): readonly ReplacementBody[] {
    const kept = this.#kept.get(transaction)
    this.#kept.delete(transaction)
    kept?.timer?.cancel()
    return kept?.bodies ?? []
  }
}
