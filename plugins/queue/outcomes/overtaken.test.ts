import { reply } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import {
  deliveredOutcome,
  mailboxFull,
  noSuchUser,
} from '../../../test/support/queue/queue-world-delivery.ts'

const minute = 60_000

describe('what the postmaster does while somebody is being tried', () => {
  let world: QueueWorld
  let node: QueueNode
  /** A process that only runs a command. */
  let command: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), { options: { lifetime: '6m', delayWarning: 0 } })
    node = await world.node()
    command = await world.node({ serves: false })
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const accept = async (...to: readonly string[]): Promise<string> => {
    const submission = await mail({ to })
    await node.queue.accept(submission)
    await world.quiet()
    return submission.transaction.id
  }

  describe('where that leads elsewhere', () => {
    let id: string
    let answer: () => void

    /** The next attempt asks for the route, and has no answer yet. */
    beforeEach(async () => {
      world.delivery.on('@old.example', mailboxFull)
      id = await accept('jo@old.example', 'anna@old.example')
      const asked = Promise.withResolvers<void>()
      const answered = Promise.withResolvers<void>()
      const route = world.delivery.route.bind(world.delivery)
      for (const name of ['jo', 'anna'])
        world.delivery.routes(`${name}@old.example`, [`${name}@new.example`, `${name}@copy.example`])
      world.delivery.route = async (question) => {
        asked.resolve()
        await answered.promise
        return route(question)
      }
      answer = answered.resolve
      await node.queue.flush({})
      await world.pass(2_000)
      await asked.promise
    })

    it('a hold stays, until it is released', async () => {
      expect(await command.queue.hold({ id })).toBe(1)
      answer()
      await world.pass(10_000)
      expect(world.delivery.delivered).toEqual([])
      const item = await command.queue.show(id)
      expect(item).toMatchObject({ state: 'held', recipients: [{ held: true }, { held: true }] })
      expect(item?.recipients.filter(({ stillTried }) => stillTried)).toEqual([])
      expect(await command.queue.release({ id })).toBe(1)
      await world.pass(10_000)
      const to = world.delivery.delivered.map((each) => each.to)
      expect(to.toSorted()).toEqual(
        ['anna@copy.example', 'anna@new.example', 'jo@copy.example', 'jo@new.example'].toSorted(),
      )
      expect(await world.rows()).toBe(0)
    })

    it('a bounce stays, and is told of', async () => {
      expect(await command.queue.bounce({ id })).toBe(1)
      answer()
      await world.pass(2 * minute)
      expect(world.delivery.delivered.map(({ to }) => to)).toEqual(['sender@origin.example'])
      expect(world.reports.told.toSorted()).toEqual(['failed anna@old.example', 'failed jo@old.example'])
      expect(await world.rows()).toBe(0)
    })

    it('whoever is removed stays so, and the other one goes', async () => {
      expect(await command.queue.remove({ id, recipient: 'jo@old.example' })).toBe(1)
      answer()
      await world.pass(10_000)
      const to = world.delivery.delivered.map((each) => each.to)
      expect(to.toSorted()).toEqual(['anna@copy.example', 'anna@new.example'])
      expect(await world.rows()).toBe(0)
    })
  })

  it('nobody is told of whoever was removed', async () => {
    world.delivery.on('@far.example', noSuchUser)
    const open = world.delivery.gate('far.example')
    const id = await accept('jo@far.example', 'anna@far.example')
    await world.pass(3_000)
    expect(await command.queue.remove({ id, recipient: 'jo@far.example' })).toBe(1)
    open()
    await world.pass(2 * minute, 5_000)
    expect(world.delivery.delivered.map(({ tells }) => tells)).toEqual([['failed anna@far.example']])
    expect(await world.rows()).toBe(0)
  })

  describe('for the last time', () => {
    let id: string
    let open: () => void

    beforeEach(async () => {
      world.delivery.on('full@far.example', mailboxFull)
      world.delivery.on('no@far.example', mailboxFull)
      id = await accept('full@far.example', 'no@far.example')
      world.delivery.on('no@far.example', noSuchUser)
      open = world.delivery.gate('far.example')
      await world.pass(4 * minute, 10_000)
      expect(await command.queue.flush({ id })).toBe(1)
      await world.pass(3 * minute, 10_000)
      expect(await command.queue.list({ state: 'active' })).toHaveLength(1)
    })

    it('what is held does not expire, though what is refused for good is told of', async () => {
      expect(await command.queue.hold({ id })).toBe(1)
      open()
      await world.pass(2 * minute, 5_000)
      expect(world.delivery.delivered.map(({ tells }) => tells)).toEqual([['failed no@far.example']])
      expect(world.delivery.givenUp).toEqual([])
      expect(await command.queue.show(id)).toMatchObject({
        state: 'held',
        recipients: [{ attempts: 2, lastReply: reply(452, '4.2.2', 'Mailbox full') }],
      })
      world.delivery.on('full@far.example', deliveredOutcome)
      expect(await command.queue.release({ id })).toBe(1)
      await world.pass(minute)
      expect(world.delivery.count('full@far.example')).toBe(1)
      expect(await world.rows()).toBe(0)
    })
  })
})
