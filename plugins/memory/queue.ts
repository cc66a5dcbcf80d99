import {
  type Address,
  type DeliveryFlow,
  definePlugin,
  localError,
  MailwrightError,
  type NoOptions,
  noOptions,
  type Outcome,
  type PluginFactory,
  type Queue,
  queue as queueKey,
  type RecipientAnswer,
  type Reply,
  reply,
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
    list: async () => [],
    show: async () => undefined,
    flush: async (id) => (id === undefined ? undefined : notQueued(id)),
    hold: notQueued,
    release: notQueued,
    remove: notQueued,
  }
}

async function accept(
  delivery: DeliveryFlow,
  { transaction, variants, atomic }: Submission,
): Promise<readonly RecipientAnswer[]> {
  const { id, session, reversePath } = transaction
  const items = variants.flatMap(({ recipients, ...variant }) =>
    recipients.flatMap(({ forwardPath, routes }) =>
      routes.map((route) => ({ ...variant, recipient: forwardPath, route })),
    ),
  )
  // Not the transaction's signal: a client that leaves does not undo a delivery that has begun.
  const { signal } = new AbortController()
  const attempt = { id, session: session.id, reversePath, items, atomic, signal }
  const outcomes = await delivery.attempt(attempt).catch(() => undefined)
  return combine(items.map(({ recipient }, index) => ({ recipient, reply: answerFor(outcomes?.[index]) })))
}

function answerFor(outcome: Outcome | undefined): Reply {
  if (outcome === undefined) return localError
  return outcome.kind === 'delivered' ? reply(250, '2.0.0', 'Delivered') : outcome.reply
}

/** One answer for each recipient, the worst of its routes': "later" before "never", for twice is better than never. */
function combine(answers: readonly RecipientAnswer[]): readonly RecipientAnswer[] {
  const worst = new Map<Address, RecipientAnswer>()
  for (const answer of answers) {
    const known = worst.get(answer.recipient)
    if (known === undefined || severity(answer.reply) > severity(known.reply))
      worst.set(answer.recipient, answer)
  }
  return [...worst.values()]
}

function severity({ code }: Reply): number {
  return code < 400 ? 0 : code < 500 ? 2 : 1
}

async function notQueued(id: string): Promise<never> {
  throw new MailwrightError('MAIL_E_NOT_FOUND', `no message ${id.slice(0, 40)} is queued`)
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
