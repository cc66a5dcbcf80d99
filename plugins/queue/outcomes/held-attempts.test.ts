import { addressOf } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import { mailboxFull } from '../../../test/support/queue/queue-world-delivery.ts'

describe('an attempt during which the clock is set back', () => {
  let world: QueueWorld
  /** A process that only runs a command. */
  let command: QueueNode
  let id: string
  let open: () => void
  const [slow, other] = [addressOf('slow@far.example'), addressOf('jo@there.example')]

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), { options: { delayWarning: 0 } })
    const { queue } = await world.node()
    command = await world.node({ serves: false })
    open = world.delivery.gate('far.example')
    const submission = await mail({ to: ['slow@far.example'] })
    id = submission.transaction.id
    await queue.accept(submission)
    await world.pass(3_000)
    world.clock.set(world.clock.now() - 40_000)
    await world.pass(6_000)
  })

  afterEach(() => world[Symbol.asyncDispose]())

  it('gets no other recipient', async () => {
    await expect(command.queue.redirect(id, slow, other)).rejects.toMatchObject({ code: 'MAIL_E_IN_USE' })
    open()
    await world.pass(60_000, 5_000)
    expect(world.delivery.delivered.map(({ to }) => to)).toEqual(['slow@far.example'])
  })

  it('is told of after it where it is bounced, unless the message has arrived', async () => {
    await command.queue.bounce({ id })
    open()
    await world.pass(60_000, 5_000)
    expect(world.reports.told).toEqual([])
    expect(world.delivery.count('slow@far.example')).toBe(1)
    expect(await world.rows()).toBe(0)
  })

  it('is over when nothing came of it', async () => {
    world.delivery.on('slow@far.example', mailboxFull)
    open()
    await world.pass(20_000, 5_000)
    await command.queue.redirect(id, slow, other)
    await world.pass(5_000)
    expect(world.delivery.delivered.map(({ to }) => to)).toEqual(['jo@there.example'])
  })
})
