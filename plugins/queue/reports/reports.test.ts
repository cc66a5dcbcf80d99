import { type Failed, reply } from 'mailwright'
import { expect, test } from 'vitest'
import { queuedMessage, queuedRecipient } from '../../../test/support/queue/queue-recipients.ts'
import { expired } from '../outcomes/outcomes.ts'
import { reported } from './reports.ts'

const recipient = queuedRecipient(1, queuedMessage(1))

test.each<[Failed, string | undefined]>([
  [expired({ reply: reply(451, '4.7.1', 'Greylisted'), cause: 'greylisted' }), 'greylisted'],
  [expired({ reply: reply(451, '4.3.0', 'No') }), 'expired'],
  [{ kind: 'failed', reply: reply(550, '5.1.1', 'No'), cause: 'no-such-address' }, 'no-such-address'],
  [{ kind: 'failed', reply: reply(550, '5.1.1', 'No') }, undefined],
])('a sender is told what was the matter, and not only that time was up: %o', (outcome, cause) => {
  expect(reported({ recipient, outcome }, 0, 1)?.cause).toBe(cause)
})
