import {
  attemptItems,
  type DeliveryFlow,
  type Queue,
  type QueueAbilities,
  type RecipientAnswer,
  recipientAnswers,
  reply,
  type Submission,
} from 'mailwright'

const shuttingDown = reply(451, '4.3.2', 'The system is shutting down, try again later')

/**
 * Delivers before it answers: a recipient is answered with 250 when the delivery of all its routes is durable, and
 * with the reason when not. Nothing waits in memory, so a crash loses nothing that was answered (RFC 5321 §6.1).
 */
export class DirectQueue implements Pick<Queue, 'supports' | 'accept'> {
  readonly supports: QueueAbilities = { retries: false, manageable: false }
  readonly #delivery: DeliveryFlow
  readonly #attempts = new Set<Promise<unknown>>()
  readonly #closing = new AbortController()

  constructor(delivery: DeliveryFlow) {
    this.#delivery = delivery
  }

  async accept(submission: Submission): Promise<readonly RecipientAnswer[]> {
    const items = attemptItems(submission)
    if (this.#closing.signal.aborted) {
      return recipientAnswers(
        items,
        items.map(() => ({ kind: 'deferred', reply: shuttingDown })),
      )
    }
    // Not the session's signal: once the whole message is here, a client that leaves does not undo its delivery.
    const attempt = this.#delivery.attempt({
      id: submission.transaction.id,
      session: submission.transaction.session.id,
      reversePath: submission.transaction.reversePath,
      parameters: submission.transaction.parameters,
      items,
      atomic: submission.atomic,
      signal: this.#closing.signal,
    })
    this.#attempts.add(attempt)
    try {
      return recipientAnswers(items, await attempt)
    } catch {
      return recipientAnswers(items, [])
    } finally {
      this.#attempts.delete(attempt)
    }
  }

  /** Takes no more and waits for what is being delivered. */
  async close(): Promise<void> {
    const last = [...this.#attempts]
    await Promise.allSettled(last)
    this.#closing.abort()
  }
}
