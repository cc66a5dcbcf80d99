import type { Account, Address, DeliveryFlow, Message, Outcome, Submission, Transaction } from 'mailwright'
import { emptyQueue } from 'mailwright'
import { queueContract } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import { DirectQueue } from './direct-queue.ts'

queueContract({
  name: 'queue',
  create: async ({ delivery }) => {
    const queue = new DirectQueue(delivery)
    return {
      queue: { supports: queue.supports, accept: (submission) => queue.accept(submission), ...emptyQueue },
      cleanup: () => queue.close(),
    }
  },
})

const address: Address = { localPart: 'me', domain: 'example.org' }
const account: Account = { id: '1', address }

function submission(): Submission {
  const recipients = [
    {
      forwardPath: address,
      parameters: {},
      claimedBy: 'test/all',
      routes: [{ kind: 'account', account, address } as const],
    },
  ]
  const transaction = {
    id: 'q1',
    session: { id: 's1' },
    reversePath: null,
    recipients,
  } as unknown as Transaction
  return { transaction, variants: [{ recipients, message: {} as Message }], atomic: true }
}

/** A delivery that waits until it is told what came of it. */
function slowDelivery(): { delivery: DeliveryFlow; finish(outcome: Outcome): void; started: Promise<void> } {
  const begun = Promise.withResolvers<void>()
  const outcome = Promise.withResolvers<Outcome>()
  const delivery: DeliveryFlow = {
    route: async () => ({ ok: true, routes: [] }),
    giveUp: () => undefined,
    async attempt({ signal }) {
      begun.resolve()
      const result = await outcome.promise
      expect(signal.aborted).toBe(false)
      return [result]
    },
  }
  return { delivery, finish: outcome.resolve, started: begun.promise }
}

describe('DirectQueue at its end', () => {
  test('waits for what is being delivered, and then takes no more', async () => {
    const { delivery, finish, started } = slowDelivery()
    const queue = new DirectQueue(delivery)
    const answered = queue.accept(submission())
    await started
    const closed = queue.close()
    finish({ kind: 'delivered', text: 'into INBOX' })
    await closed
    expect((await answered)[0]?.reply.code).toBe(250)
    expect((await queue.accept(submission()))[0]?.reply).toMatchObject({ code: 451, enhanced: '4.3.2' })
  })
})
