import {
  attemptItems,
  type DeliveryFlow,
  definePlugin,
  emptyQueue,
  type NoOptions,
  noOptions,
  type PluginFactory,
  type Queue,
  queue as queueKey,
  type RecipientAnswer,
  recipientAnswers,
  type Submission,
} from 'mailwright'

/**
 * A `queue` that keeps nothing: it delivers before it answers, and what cannot be delivered at once is refused with
 * "try later", so that the client keeps it. Memory never takes responsibility.
 */
export function createMemoryQueue(delivery: DeliveryFlow): Queue {
  return {
    supports: { retries: false, manageable: false },
    accept: (submission) => accept(delivery, submission),
    ...emptyQueue,
  }
}

async function accept(delivery: DeliveryFlow, submission: Submission): Promise<readonly RecipientAnswer[]> {
  const { transaction, atomic } = submission
  const { id, session, reversePath, parameters } = transaction
  const items = attemptItems(submission)
  // Not the transaction's signal: a client that leaves does not undo a delivery that has begun.
  const { signal } = new AbortController()
  const attempt = { id, session: session.id, reversePath, parameters, items, atomic, signal }
  return recipientAnswers(items, await delivery.attempt(attempt).catch(() => []))
}

/** The plugin `memory-queue`. */
export const memoryQueue: PluginFactory<NoOptions> = definePlugin({
  name: 'memory-queue',
  provides: [queueKey],
  parseOptions: noOptions,
  setup({ provide, flow }) {
    provide(queueKey, createMemoryQueue(flow.delivery))
  },
})
