import { type AttemptItem, type Outcome, reply } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import {
  deliveredOutcome,
  mailboxFull,
  noSuchUser,
  routeOf,
} from '../../../test/support/queue/queue-world-delivery.ts'

const minute = 60_000

describe('what came of attempts', () => {
  let world: QueueWorld
  let node: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), {
      options: { lifetime: '2h', notificationLifetime: '30m', delayWarning: '20m', longestRetry: '10m' },
    })
    node = await world.node()
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const accept = async (to: readonly string[], from?: string, size?: number): Promise<string> => {
    const submission = await mail({
      to,
      ...(from === undefined ? {} : { from }),
      ...(size === undefined ? {} : { size }),
    })
    expect((await node.queue.accept(submission)).every(({ reply }) => reply.code === 250)).toBe(true)
    return submission.transaction.id
  }

  it('is written for each recipient: some have it, some are told of, some are tried again', async () => {
    world.delivery.on('full@far.example', mailboxFull)
    world.delivery.on('no@far.example', noSuchUser)
    const id = await accept(['there@far.example', 'full@far.example', 'no@far.example'])
    await world.quiet()
    expect(world.delivery.attempts[0]?.to).toHaveLength(3)
    expect((await node.queue.show(id))?.recipients).toMatchObject([
      { address: { localPart: 'full' }, attempts: 1, lastReply: { code: 452 } },
    ])
    expect(world.reports.told).toEqual(['failed no@far.example'])
    world.delivery.on('full@far.example', deliveredOutcome)
    await world.pass(6 * minute, 10_000)
    expect(world.delivery.count('there@far.example')).toBe(1)
    expect(world.delivery.count('full@far.example')).toBe(1)
    expect(await world.rows()).toBe(0)
  })

  it('a sender is warned once, and told when the time is over', async () => {
    world.delivery.on('full@far.example', mailboxFull)
    const began = world.clock.now()
    await accept(['full@far.example'])
    await world.pass(45 * minute, 10_000)
    expect(world.delivery.count('sender@origin.example')).toBe(1)
    await world.pass(90 * minute, 10_000)
    expect(new Set(world.reports.told)).toEqual(
      new Set(['delayed full@far.example', 'failed full@far.example']),
    )
    expect(world.reports.reports[0]?.recipients[0]?.willRetryUntil).toBe(began + 120 * minute)
    expect(world.delivery.givenUp).toEqual(['full@far.example'])
    expect(world.delivery.count('sender@origin.example')).toBe(2)
    expect(await world.rows()).toBe(0)
  })

  it('what comes from the null reverse-path is given up sooner', async () => {
    world.delivery.on('full@far.example', mailboxFull)
    await accept(['full@far.example'], '')
    await world.pass(40 * minute, 10_000)
    expect(world.delivery.givenUp).toEqual(['full@far.example'])
    expect(await world.rows()).toBe(0)
  })

  it('is written later where the database is away; nothing is delivered twice, nothing new begins', async () => {
    const open = world.delivery.gate('far.example')
    await accept(['a@far.example'])
    await accept(['b@near.example', 'c@far.example'])
    await world.quiet()
    const back = node.faults.fail({ times: Number.POSITIVE_INFINITY })
    open()
    await world.pass(40_000, 5_000)
    const { length } = world.delivery.delivered
    await world.pass(30_000, 5_000)
    expect(world.delivery.delivered).toHaveLength(length)
    back()
    await world.pass(120_000, 5_000)
    expect(world.delivery.delivered.map(({ to }) => to).sort()).toEqual([
      'a@far.example',
      'b@near.example',
      'c@far.example',
    ])
    expect(await world.rows()).toBe(0)
  })

  it.each([1, 2, 3])('in doubt whether it was written, nobody is told twice (%i times)', async (times) => {
    world.delivery.on('no@far.example', noSuchUser)
    const open = world.delivery.gate('far.example')
    world.reports.size = 100_000
    await accept(['no@far.example'], undefined, 70_000)
    await world.quiet()
    node.faults.fail({ call: 'transaction', when: 'after', times })
    open()
    await world.pass(400_000, 5_000)
    expect(world.delivery.count('sender@origin.example')).toBe(1)
    expect(world.delivery.delivered.at(-1)?.size).toBe(100_000)
    expect(await world.rows()).toBe(0)
  })

  it.each([1, 2, 3])('in doubt whether it was written, nothing is moved twice (%i times)', async (times) => {
    world.delivery.on('a@far.example', mailboxFull)
    await accept(['a@far.example'])
    await world.quiet()
    world.delivery.routes('a@far.example', ['b@near.example', 'c@near.example'])
    node.faults.fail({ call: 'transaction', when: 'after', times, skip: 1 })
    await world.pass(20 * minute, 5_000)
    expect(world.delivery.count('b@near.example')).toBe(1)
    expect(world.delivery.count('c@near.example')).toBe(1)
    expect(await world.rows()).toBe(0)
  })

  it('goes where it leads by now: an alias, another host, nowhere', async () => {
    for (const name of ['moved', 'gone', 'later']) world.delivery.on(`${name}@here.example`, mailboxFull)
    const ids = [await accept(['moved@here.example']), await accept(['gone@here.example'])]
    await accept(['later@here.example'])
    world.delivery.routes('moved@here.example', ['x@far.example', 'y@here.example'])
    world.delivery.routes('gone@here.example', { ok: false, reply: reply(550, '5.1.1', 'No such user') })
    world.delivery.routes('later@here.example', { ok: false, reply: reply(451, '4.3.0', 'Not now') })
    await world.pass(7 * minute, 10_000)
    expect(world.delivery.delivered.map(({ id, to }) => [id, to]).slice(0, 2)).toEqual(
      expect.arrayContaining([[ids[0], 'x@far.example']]),
    )
    expect(world.delivery.count('y@here.example')).toBe(1)
    expect(world.reports.told).toEqual(['failed gone@here.example'])
    expect(await node.queue.list()).toMatchObject([
      { recipients: [{ lastReply: { code: 451 }, attempts: 2 }] },
    ])
  })

  it('routes that differ each time do not keep a message from being delivered', async () => {
    world.delivery.on('jo@here.example', mailboxFull)
    await accept(['jo@here.example'])
    let times = 0
    world.delivery.routes('jo@here.example', () => [`jo@hop${times++}.example`])
    for (let hop = 0; hop < 50; hop++)
      world.delivery.routes(`jo@hop${hop}.example`, () => [`jo@hop${times++}.example`])
    await world.pass(7 * minute, 10_000)
    expect(world.delivery.delivered.filter(({ to }) => to.startsWith('jo@hop'))).toHaveLength(1)
    expect(times).toBeLessThan(5)
  })

  it('what sorting sends on is kept before anything is filed, and goes once however often it is tried', async () => {
    const forward: AttemptItem['route'] = routeOf('copy@far.example')
    let kept = 0
    world.delivery.on('jo@here.example', async (item, attempt): Promise<Outcome> => {
      await attempt.takeOver?.([{ ...item, route: forward }])
      kept = await world.rows()
      return world.delivery.attempts.filter(({ to }) => to[0] === 'jo@here.example').length < 4
        ? mailboxFull
        : deliveredOutcome
    })
    const id = await accept(['jo@here.example'])
    await vi.waitFor(() => expect(kept).toBeGreaterThanOrEqual(2), 10_000)
    await world.pass(60 * minute, 10_000)
    expect(world.delivery.count('copy@far.example')).toBe(1)
    expect(world.delivery.count('jo@here.example')).toBe(1)
    const sent = world.delivery.delivered.filter(({ from }) => from !== '')
    expect(sent.map((each) => each.id)).toEqual([id, id])
    expect(await world.rows()).toBe(0)
  })

  it('a message is deferred where what it is sent on to cannot be kept', async () => {
    world.delivery.on('jo@here.example', async (item, attempt): Promise<Outcome> => {
      const over = node.faults.fail({ call: 'transaction', times: Number.POSITIVE_INFINITY })
      try {
        await attempt.takeOver?.([{ ...item, route: routeOf('copy@far.example') }])
        return deliveredOutcome
      } catch {
        return mailboxFull
      } finally {
        over()
      }
    })
    const id = await accept(['jo@here.example'])
    expect((await node.queue.show(id))?.recipients).toHaveLength(1)
    expect(world.delivery.count('copy@far.example')).toBe(0)
  })

  it('a delivery that breaks is tried again', async () => {
    world.delivery.on('jo@far.example', () => {
      throw new Error('the delivery broke')
    })
    await accept(['jo@far.example'])
    await world.quiet()
    world.delivery.on('jo@far.example', deliveredOutcome)
    await world.pass(7 * minute, 10_000)
    expect(world.delivery.count('jo@far.example')).toBe(1)
  })

  it('a message of which no notification can be made is the postmaster’s, and holds up nobody', async () => {
    world.reports.fault = new TypeError('no notification can be made')
    world.delivery.on('no@far.example', noSuchUser)
    const id = await accept(['no@far.example'])
    await world.pass(3_000)
    expect((await node.queue.show(id))?.state).toBe('held')
    await accept(['jo@near.example'])
    await world.quiet()
    expect(world.delivery.count('jo@near.example')).toBe(1)
    world.reports.fault = undefined
    expect(await node.queue.bounce({ id })).toBe(1)
    await world.quiet()
    expect(world.reports.told).toEqual(['failed no@far.example'])
  })

  it('stopping waits for what is under way, and loses nothing', async () => {
    const open = world.delivery.gate('far.example')
    await accept(['a@far.example', 'b@near.example'])
    await world.quiet()
    let isStopped = false
    const stopping = node.stop().then(() => {
      isStopped = true
    })
    await world.quiet()
    expect(isStopped).toBe(false)
    open()
    await stopping
    expect(world.delivery.delivered.map(({ to }) => to).sort()).toEqual(['a@far.example', 'b@near.example'])
    expect(await world.rows()).toBe(0)
  })

  it('stopping without the database comes to an end, and what was delivered may come again', async () => {
    const open = world.delivery.gate('far.example')
    const id = await accept(['a@far.example'])
    await world.quiet()
    const back = node.faults.fail({ times: Number.POSITIVE_INFINITY })
    open()
    await world.pass(5_000)
    await node.stop()
    back()
    const next = await world.node()
    expect((await next.queue.list()).map((item) => item.id)).toEqual([id])
    await world.pass(130_000, 5_000)
    expect(world.delivery.delivered.every((each) => each.id === id)).toBe(true)
    expect(await world.rows()).toBe(0)
  })
})
