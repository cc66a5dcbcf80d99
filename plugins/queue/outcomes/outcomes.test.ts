import { type Deferred, reply } from 'mailwright'
import { expect, it } from 'vitest'
import { queuedMessage, queuedRecipient } from '../../../test/support/queue/queue-recipients.ts'
import { never } from '../tables/tables.ts'
import { type PutOff, putOff } from './outcomes.ts'

const schedule = { first: 1_000, longest: 9_000, lifetime: 0, notificationLifetime: 0, warning: 50_000 }
const outcome: Deferred = { kind: 'deferred', reply: reply(451, '4.4.1', 'No'), host: 'mx', cause: 'dns' }

it('a deferral is another attempt, one at the end of its time at the latest', () => {
  const recipient = queuedRecipient(1, queuedMessage(1), { attempts: 2 })
  const first = putOff(schedule, recipient, outcome, 10_000)
  expect(first).toMatchObject({ attempts: 3, warned: false, deadline: 50_000 })
  expect(first).toMatchObject({ last: { at: 10_000, host: 'mx', cause: 'dns' } })
  expect(putOff(schedule, recipient, outcome, 999_999)).toMatchObject({ due: 1_000_000, warned: true })
  expect(putOff(schedule, recipient, outcome, 50_000)).toMatchObject({ warned: true, deadline: 1_000_000 })
  expect(putOff(schedule, recipient, outcome, 1_000_000)).toEqual({
    kind: 'failed',
    reply: outcome.reply,
    cause: 'expired',
    lastCause: 'dns',
    host: 'mx',
  })
})

it('what is for the postmaster waits for no time', () => {
  const recipient = queuedRecipient(1, queuedMessage(1))
  const held = putOff(schedule, recipient, { ...outcome, hold: true }, 1_000_000)
  expect(held).toMatchObject({ due: never, deadline: never, last: { reply: outcome.reply, held: true } })
})

it('what was said is cut to what the tables have room for', () => {
  const lines = Array.from({ length: 100 }, () => '"'.repeat(480))
  const said = {
    ...outcome,
    reply: reply(451, '4.0.0', lines),
    host: '\u0000'.repeat(70_000),
    place: '"'.repeat(70_000),
  }
  const { last } = putOff(schedule, queuedRecipient(1, queuedMessage(1)), said, 10_000) as PutOff
  expect(last.reply.lines).toHaveLength(50)
  expect(Buffer.byteLength(JSON.stringify(last))).toBeLessThan(65_535)
})
