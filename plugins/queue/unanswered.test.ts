import { UnavailableError } from 'mailwright'
import { addressOf, capturedLog, fakeClock, faultyDatabase } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../test/support/queue/queue-world.ts'
import { mailboxFull, noSuchUser } from '../../test/support/queue/queue-world-delivery.ts'
import { Holder } from './lanes/holder.ts'
import { leaseDuration } from './lanes/holder-id.ts'

describe('a commit without an answer', () => {
  let world: QueueWorld
  let node: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest())
    node = await world.node()
    // So that it has numbers.
    await node.queue.accept(await mail({ to: ['first@near.example'] }))
    await world.pass(10_000)
    world.delivery.delivered.length = 0
  })

  afterEach(() => world[Symbol.asyncDispose]())

  /** Somebody who waits at a host that does not take it now. */
  const waiting = async (size = 100): Promise<string> => {
    world.delivery.on('@full.example', mailboxFull)
    const submission = await mail({ to: ['jo@full.example'], size })
    await node.queue.accept(submission)
    await world.quiet()
    return submission.transaction.id
  }
  const losesAnswers = (times: number) => node.faults.fail({ call: 'transaction', when: 'after', times })

  it.each([1, 2])('that took a destination is made up for in seconds (%i)', async (times) => {
    const command = await world.node({ serves: false })
    await command.queue.accept(await mail({ to: ['jo@far.example'] }))
    const hasStruck = losesAnswers(times)
    await world.pass(3_000)
    expect(hasStruck()).toBe(true)
    expect(world.delivery.count('jo@far.example')).toBe(1)
  })

  it.each([1, 2])('that found something new for its own destination, too (%i)', async (times) => {
    const open = world.delivery.gate('far.example')
    await node.queue.accept(await mail({ to: ['anna@far.example'] }))
    await world.pass(2_000)
    const command = await world.node({ serves: false })
    await command.queue.accept(await mail({ to: ['jo@far.example'] }))
    const hasStruck = losesAnswers(times)
    await world.pass(3_000)
    expect(hasStruck()).toBe(true)
    open()
    await world.pass(1_000)
    expect(world.delivery.count('jo@far.example')).toBe(1)
  })

  it('of a message whose client was told to come again is followed by its delivery', async () => {
    losesAnswers(2)
    const [answer] = await node.queue.accept(await mail({ to: ['jo@far.example'] }))
    expect(answer?.reply.code).toBe(451)
    await world.pass(3_000)
    expect(world.delivery.count('jo@far.example')).toBe(1)
  })

  it('of what a sender is told is followed by the notification, once', async () => {
    world.delivery.on('no@far.example', noSuchUser)
    const open = world.delivery.gate('far.example')
    await node.queue.accept(await mail({ to: ['no@far.example'] }))
    await world.quiet()
    losesAnswers(1)
    open()
    await world.pass(3_000)
    expect(world.reports.told).toEqual(['failed no@far.example'])
    expect(world.delivery.count('sender@origin.example')).toBe(1)
    expect(await world.rows()).toBe(0)
  })

  it('of the postmaster’s word is counted, and not told as a failure', async () => {
    const id = await waiting()
    losesAnswers(1)
    expect(await node.queue.flush({ id, state: 'waiting' })).toBe(1)
    await world.quiet()
    losesAnswers(1)
    await node.queue.redirect(id, addressOf('jo@full.example'), addressOf('anna@full.example'))
    await world.quiet()
    losesAnswers(1)
    expect(await node.queue.remove({ id })).toBe(1)
    expect(await world.rows()).toBe(0)
  })

  it('does not hide that a process has been taken for dead', async () => {
    const { database, fail } = faultyDatabase(world.database)
    const [clock, onLapse] = [fakeClock(Date.now()), vi.fn()]
    const holder = new Holder(database, clock, capturedLog())
    await holder.start(onLapse)
    await world.database.query((knex) => knex('queue_holders').where({ id: holder.id }).delete())
    fail({ call: 'transaction', when: 'after' })
    clock.advance(leaseDuration / 4)
    await expect.poll(() => onLapse.mock.calls.length, { timeout: 20_000 }).toBe(1)
    await holder.stop()
  })

  it('that was none leaves the octets of a message that somebody waits for since', async () => {
    const id = await waiting(100_000)
    const { database } = node.faults
    const cause = Object.assign(new Error('deadlock'), { sqlState: '40001' })
    const undone = new UnavailableError('undone', { cause })
    const { transaction } = database
    vi.spyOn(database, 'transaction').mockImplementationOnce(async (run) => {
      await transaction(async (knex) => {
        await run(knex)
        throw undone
      }).catch(() => undefined)
      await world.database.query((knex) => knex('queue_recipients').increment('number', 1_000_000))
      throw undone
    })
    expect(await node.queue.remove({ id })).toBe(0)
    expect(await world.files()).toHaveLength(1)
  })
})
