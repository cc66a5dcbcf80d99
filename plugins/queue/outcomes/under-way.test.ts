import { addressOf } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import { mailboxFull } from '../../../test/support/queue/queue-world-delivery.ts'

describe('what may be being tried', () => {
  let world: QueueWorld
  let node: QueueNode
  let id: string

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest())
    node = await world.node()
    world.delivery.on('full@far.example', mailboxFull)
    const submission = await mail({ to: ['full@far.example'] })
    id = submission.transaction.id
    await node.queue.accept(submission)
    await world.pass(3_000)
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const redirected = () =>
    node.queue.redirect(id, addressOf('full@far.example'), addressOf('jo@there.example'))

  it.each([
    ['redirected', () => redirected()],
    ['bounced', () => node.queue.bounce({ id })],
  ])(
    'is read after its destination is locked where it is %s: a pause may be written until then',
    async (_, change) => {
      const asked: string[] = []
      await node.faults.database.query(async (knex) => knex.on('query', ({ sql }) => void asked.push(sql)))
      await change()
      const locked = asked.findIndex((sql) => /^select .*owner.* from .queue_lanes/.test(sql))
      const changed = asked.findIndex((sql) => /^(?:delete from|update) .queue_recipients/.test(sql))
      expect(locked).toBeGreaterThan(-1)
      expect(asked.slice(locked, changed)).toContainEqual(
        expect.stringMatching(/^select .*tried_by|^select .*\* from/),
      )
    },
  )
})
