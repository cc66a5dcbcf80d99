import { type Deferred, reply } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import { mailboxFull } from '../../../test/support/queue/queue-world-delivery.ts'

const minute = 60_000
const held: Deferred = { kind: 'deferred', reply: reply(451, '4.7.0', 'Held'), hold: true }

describe('what its route holds', () => {
  let world: QueueWorld
  let node: QueueNode
  let id: string

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), { options: { lifetime: '2h', delayWarning: 0 } })
    node = await world.node()
    world.delivery.on('@far.example', held)
    const submission = await mail({ to: ['jo@far.example', 'bob@far.example'] })
    id = submission.transaction.id
    await node.queue.accept(submission)
    await world.quiet()
    world.delivery.on('@far.example', mailboxFull)
  })

  afterEach(() => world[Symbol.asyncDispose]())

  /** Of what is waited for long, a minute in smaller steps: the process says meanwhile that it lives. */
  async function wait(minutes: number): Promise<void> {
    await world.pass((minutes - 1) * minute, minute)
    await world.pass(minute, 10_000)
  }

  const expiresAt = async () => Number((await node.queue.show(id))?.expiresAt)

  async function comesBackYoung(expires: number, heldFor: number): Promise<void> {
    expect(await node.queue.release({ id })).toBe(1)
    expect((await expiresAt()) - expires).toBe(heldFor)
    await world.pass(10_000)
    expect(await node.queue.show(id)).toMatchObject({ recipientCount: 2, recipients: [{ attempts: 2 }, {}] })
    expect(world.reports.told).toEqual([])
  }

  it('does not get older', async () => {
    const expires = await expiresAt()
    await wait(180)
    expect(await node.queue.show(id)).toMatchObject({ state: 'held' })
    await comesBackYoung(expires, 180 * minute)
  })

  it('does not get older where the postmaster holds it later', async () => {
    const expires = await expiresAt()
    await wait(180)
    await node.queue.hold({})
    await wait(60)
    await comesBackYoung(expires, 240 * minute)
  })

  it('does not get older where it is redirected', async () => {
    const expires = await expiresAt()
    await wait(180)
    for (const name of ['jo', 'bob'])
      await node.queue.redirect(
        id,
        { localPart: name, domain: 'far.example' },
        { localPart: name, domain: 'there.example' },
      )
    world.delivery.on('@there.example', mailboxFull)
    expect(await node.queue.release({ id })).toBe(1)
    expect((await expiresAt()) - expires).toBe(180 * minute)
    await world.pass(10_000)
    expect(await node.queue.show(id)).toMatchObject({ recipientCount: 2, recipients: [{ attempts: 1 }, {}] })
    expect(world.reports.told).toEqual([])
  })

  it('is shown as held beside others of its message that go on', async () => {
    world.delivery.on('bob@far.example', mailboxFull)
    await node.queue.redirect(
      id,
      { localPart: 'bob', domain: 'far.example' },
      { localPart: 'bob', domain: 'there.example' },
    )
    expect(await node.queue.show(id)).toMatchObject({ recipients: [{ held: true }, { held: true }] })
  })

  it('gets older once it is released', async () => {
    await wait(180)
    await node.queue.release({ id })
    await wait(125)
    expect(world.reports.told.toSorted()).toEqual(['failed bob@far.example', 'failed jo@far.example'])
  })

  it('gets no time from a row that was damaged, whose time is not known', async () => {
    const expires = await expiresAt()
    const last = JSON.stringify({ at: 0, reply: held.reply })
    await world.database.query((knex) => knex('queue_recipients').update({ last }))
    await node.queue.release({ id })
    expect(await expiresAt()).toBe(expires)
  })
})
