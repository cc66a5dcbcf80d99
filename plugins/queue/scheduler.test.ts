import type { Outcome } from 'mailwright'
import { reply } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../test/support/queue/queue-world.ts'
import { deliveredOutcome, mailboxFull, unreachable } from '../../test/support/queue/queue-world-delivery.ts'

const minute = 60_000

describe('destinations', () => {
  let world: QueueWorld
  let node: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), {
      options: { firstRetry: '5m', longestRetry: '20m', longestPause: '20m', delayWarning: 0 },
    })
    node = await world.node()
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const accept = async (to: readonly string[], from?: string): Promise<string> => {
    const submission = await mail({ to, ...(from === undefined ? {} : { from }) })
    expect((await node.queue.accept(submission)).every(({ reply }) => reply.code === 250)).toBe(true)
    return submission.transaction.id
  }
  const many = (count: number, domain: string): string[] =>
    Array.from({ length: count }, (_, index) => `user${index}@${domain}`)

  it('a mailing of thousands lets another sender’s message go first', async () => {
    const open = world.delivery.gate('big.example')
    const mailing = await accept(many(3_000, 'big.example'), 'news@origin.example')
    await world.quiet()
    const single = await accept(['jo@big.example'], 'anna@origin.example')
    open()
    await world.quiet()
    const order = world.delivery.attempts.map(({ id }) => id)
    const before = order.slice(0, order.indexOf(single))
    // Those that were under way already, and one more.
    expect(before.length).toBeLessThanOrEqual(7)
    expect(before.every((id) => id === mailing)).toBe(true)
    expect(world.delivery.delivered).toHaveLength(3_001)
    expect(await world.rows()).toBe(0)
  })

  it('a mailing to thousands of destinations lets another sender’s message go first, wherever that goes', async () => {
    const few = await world.node({ deliveries: 10 })
    await node.stop()
    await world.pass(61_000, 10_000)
    const gates = Array.from({ length: 600 }, (_, index) => world.delivery.gate(`d${index}.example`))
    const to = Array.from({ length: 600 }, (_, index) => `jo@d${index}.example`)
    await few.queue.accept(await mail({ to, from: 'news@origin.example' }))
    await world.quiet()
    const letters = await Promise.all(
      ['jo@home.example', 'jo@d500.example'].map((each) => mail({ to: [each], from: 'anna@origin.example' })),
    )
    for (const letter of letters) await few.queue.accept(letter)
    for (const open of gates) open()
    await world.quiet()
    const order = world.delivery.attempts.map(({ id }) => id)
    for (const { transaction } of letters) expect(order.indexOf(transaction.id)).toBeLessThan(20)
    expect(world.delivery.delivered).toHaveLength(602)
  })

  it('that are slow make room for others after a while', async () => {
    const few = await world.node({ deliveries: 10 })
    await node.stop()
    await world.pass(61_000, 10_000)
    const gates = Array.from({ length: 30 }, (_, index) => world.delivery.gate(`slow${index}.example`))
    await few.queue.accept(await mail({ to: gates.map((_, index) => `jo@slow${index}.example`) }))
    await few.queue.accept(await mail({ to: ['jo@quick.example'] }))
    await world.quiet()
    expect([world.delivery.underWay.now, world.delivery.delivered.length]).toEqual([10, 0])
    await world.pass(10_000)
    expect(world.delivery.count('jo@quick.example')).toBe(1)
    for (const open of gates) open()
    await world.quiet()
    expect(world.delivery.delivered).toHaveLength(31)
    expect(await world.rows()).toBe(0)
  })

  it('that hang, more than there may be, are one sender’s and hold up no other’s letter', async () => {
    const few = await world.node({ deliveries: 10 })
    await node.stop()
    await world.pass(61_000, 10_000)
    const gates = Array.from({ length: 100 }, (_, index) => world.delivery.gate(`hung${index}.example`))
    const to = gates.map((_, index) => `jo@hung${index}.example`)
    await few.queue.accept(await mail({ to, from: 'news@origin.example' }))
    await world.quiet()
    await world.pass(20_000)
    expect([world.delivery.underWay.now, world.delivery.delivered.length]).toEqual([65, 0])
    await few.queue.accept(await mail({ to: ['jo@quick.example'], from: 'anna@origin.example' }))
    await world.quiet()
    expect(world.delivery.count('jo@quick.example')).toBe(1)
    for (const open of gates) open()
    await world.quiet()
    expect(world.delivery.delivered).toHaveLength(101)
  })

  it('also where the mailing waits in the table, and the message was taken by another process', async () => {
    const open = world.delivery.gate('big.example')
    await accept(many(2_000, 'big.example'), 'news@origin.example')
    const other = await world.node()
    const submission = await mail({ to: ['jo@big.example'], from: 'anna@origin.example' })
    await other.queue.accept(submission)
    await world.pass(2_000)
    open()
    await world.quiet()
    const order = world.delivery.attempts.map(({ id }) => id)
    expect(order.indexOf(submission.transaction.id)).toBeLessThan(25)
    expect(world.delivery.delivered).toHaveLength(2_001)
  })

  it('that does not answer is left alone, longer each time, and delays nothing else', async () => {
    world.delivery.on('@dead.example', unreachable)
    for (let sent = 0; sent < 30; sent++) await accept([`user${sent}@dead.example`])
    await accept(['jo@alive.example'])
    await world.quiet()
    expect(world.delivery.count('jo@alive.example')).toBe(1)
    const first = world.delivery.attempts.filter(({ to }) => to[0]?.endsWith('dead.example')).length
    expect(first).toBeLessThanOrEqual(5)
    const [dead] = (await node.queue.statistics()).destinations
    expect(dead).toMatchObject({ destination: 'dead.example', recipients: 30 })
    const pause = Number(dead?.pausedUntil) - world.clock.now()
    expect(pause).toBeGreaterThanOrEqual(4.5 * minute)
    expect(pause).toBeLessThanOrEqual(5.5 * minute)
    // What was tried has its reply, and counts as tried.
    const tried = (await node.queue.list())
      .flatMap(({ recipients }) => recipients)
      .filter((one) => one.attempts)
    expect(tried).toHaveLength(first)
    expect(tried[0]).toMatchObject({ attempts: 1, lastReply: { code: 451 }, lastHost: 'mx.dead.example' })
    const times: number[] = []
    for (let left = 90; left > 0; left--) {
      const before = world.delivery.attempts.length
      await world.pass(minute, 10_000)
      if (world.delivery.attempts.length > before) times.push(world.delivery.attempts.length - before)
    }
    // One at a time goes ahead: after about 5, 15, 35, 55, 75 minutes.
    expect(times.length).toBeLessThanOrEqual(6)
    expect(times.every((count) => count === 1)).toBe(true)
    world.delivery.on('@dead.example', deliveredOutcome)
    await world.pass(23 * minute, 10_000)
    expect(world.delivery.delivered).toHaveLength(31)
    expect(await world.rows()).toBe(0)
  })

  it('that is paused is tried when the postmaster wants it', async () => {
    world.delivery.on('@dead.example', unreachable)
    for (let sent = 0; sent < 6; sent++) await accept([`user${sent}@dead.example`])
    await world.quiet()
    world.delivery.on('@dead.example', deliveredOutcome)
    expect(await node.queue.flush({ destination: 'dead.example' })).toBe(6)
    await world.pass(3_000)
    expect(world.delivery.delivered).toHaveLength(6)
  })

  it('that is flushed while deliveries hang gets nothing twice', async () => {
    const open = world.delivery.gate('slow.example')
    for (let sent = 0; sent < 8; sent++) await accept([`user${sent}@slow.example`])
    await world.pass(2_000)
    const underWay = world.delivery.underWay.now
    await node.queue.flush()
    await world.pass(5_000)
    expect(world.delivery.underWay.now).toBe(underWay)
    await node.queue.requeue()
    await world.pass(5_000)
    open()
    await world.pass(5_000)
    expect(world.delivery.delivered.map(({ to }) => to).sort()).toEqual(many(8, 'slow.example'))
    expect(await world.rows()).toBe(0)
  })

  it('that is paused while deliveries hang gets nothing twice', async () => {
    const open = world.delivery.gate('slow.example')
    const id = await accept(['first@slow.example'])
    await world.quiet()
    world.delivery.on(
      '@slow.example',
      ({ route }): Outcome =>
        route.address.localPart === 'first'
          ? deliveredOutcome
          : ({ ...unreachable, retryAfter: 1_000 } as Outcome),
    )
    open()
    const gate = world.delivery.gate('slow.example')
    await accept(['second@slow.example'])
    await world.quiet()
    gate()
    await world.pass(40 * minute, 10_000)
    expect(world.delivery.delivered.filter((each) => each.id === id)).toHaveLength(1)
  })

  it('in their thousands are all served, each with its share of a bounded memory', async () => {
    const bounded = await world.node({ recipientsInMemory: 500, deliveries: 40 })
    await node.stop()
    await world.pass(61_000, 10_000)
    for (let index = 0; index < 20; index++) {
      const to = Array.from({ length: 100 }, (_, each) => `jo@d${index * 100 + each}.example`)
      await bounded.queue.accept(await mail({ to }))
    }
    for (let waits = 0; waits < 120 && (await world.rows()) > 0; waits++) await world.pass(1_000)
    expect(new Set(world.delivery.delivered.map(({ to }) => to)).size).toBe(2_000)
    expect(world.delivery.delivered).toHaveLength(2_000)
    expect(world.delivery.underWay.most).toBeLessThanOrEqual(40)
    expect(bounded.log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
    await world.pass(20_000)
    const [lanes] = await world.database.query((knex) => knex('queue_lanes').count({ count: '*' }))
    expect(Number(lanes?.count)).toBe(0)
  })

  it('get a few deliveries at a time, more as they bear them, and leave room for others', async () => {
    const open = world.delivery.gate('big.example')
    for (let sent = 0; sent < 40; sent++)
      await accept([`user${sent}@big.example`], `from${sent}@origin.example`)
    await world.quiet()
    expect(world.delivery.underWay.now).toBe(5)
    open()
    await world.quiet()
    expect(world.delivery.delivered).toHaveLength(40)
    expect(world.delivery.underWay.most).toBeLessThanOrEqual(20)
  })

  it('a greylisting host is asked again when it said, and not before', async () => {
    const until = world.clock.now() + 9 * minute
    world.delivery.on(
      '@grey.example',
      (): Outcome =>
        world.clock.now() < until
          ? {
              kind: 'deferred',
              reply: reply(451, '4.7.1', 'Greylisted'),
              cause: 'greylisted',
              concerns: 'recipient',
              retryAfter: 9 * minute,
            }
          : deliveredOutcome,
    )
    await accept(['jo@grey.example'])
    await world.pass(9 * minute - 2_000, 10_000)
    expect(world.delivery.attempts).toHaveLength(1)
    await world.pass(20_000)
    expect(world.delivery.count('jo@grey.example')).toBe(1)
    expect(world.delivery.attempts).toHaveLength(2)
  })

  it('what cannot be delivered is tried after growing times, jittered, up to the longest', async () => {
    world.delivery.on('jo@far.example', mailboxFull)
    await accept(['jo@far.example'])
    await world.pass(100 * minute, 10_000)
    const times = world.delivery.attempts.map(({ at }) => at)
    const gaps = times.slice(1).map((at, index) => (at - (times[index] ?? 0)) / minute)
    expect(gaps.length).toBeGreaterThanOrEqual(5)
    for (const [index, wanted] of [5, 10, 20, 20, 20].entries()) {
      expect(gaps[index]).toBeGreaterThanOrEqual(wanted * 0.9)
      expect(gaps[index]).toBeLessThanOrEqual(wanted * 1.1 + 0.5)
    }
  })

  it('one recipient that nobody can read does not hold the others up: it is held', async () => {
    await node.stop()
    const accepting = await world.node({ serves: false })
    const damage: readonly (readonly [string, string])[] = [
      ['{', '{'],
      ['null', '{}'],
      ['{"recipient":{},"target":1,"parameters":{}}', '[]'],
      ['', '"x"'],
    ]
    const ids: string[] = []
    for (const [index] of damage.entries()) {
      for (const what of ['delivery', 'envelope']) {
        const submission = await mail({ to: [`${what}${index}@far.example`] })
        ids.push(submission.transaction.id)
        await accepting.queue.accept(submission)
      }
    }
    await world.database.query(async (knex) => {
      for (const [index, [delivery, envelope]] of damage.entries()) {
        await knex('queue_recipients')
          .where({ address: `delivery${index}@far.example` })
          .update({ delivery })
        await knex('queue_messages')
          .where({ id: ids[2 * index + 1] })
          .update({ envelope })
      }
    })
    await accepting.queue.accept(await mail({ to: ['good@far.example'] }))
    const next = await world.node()
    await world.pass(5_000)
    expect(world.delivery.delivered.map(({ to }) => to)).toEqual(['good@far.example'])
    const items = await next.queue.list()
    expect(items.map(({ id, state }) => [id, state])).toEqual(ids.map((id) => [id, 'held']))
    expect(items.map(({ recipients }) => recipients[0]?.address.localPart)).toEqual([
      ...damage.flatMap((_, index) => [`delivery${index}`, `envelope${index}`]),
    ])
    expect(next.log.lines.filter(({ event }) => event === 'internal-error')).toHaveLength(2 * damage.length)
    expect(await next.queue.release({})).toBe(2 * damage.length)
    await world.pass(5_000)
    expect(await next.queue.list({ state: 'held' })).toHaveLength(2 * damage.length)
    expect(await next.queue.remove({})).toBe(2 * damage.length)
    expect(await world.rows()).toBe(0)
  })

  it('what is in the table without its destination’s row is found again', async () => {
    await node.stop()
    const accepting = await world.node({ serves: false })
    await accepting.queue.accept(await mail({ to: ['jo@far.example'] }))
    await world.database.query((knex) => knex('queue_lanes').delete())
    await world.node()
    await world.pass(2_000)
    expect(world.delivery.count('jo@far.example')).toBe(1)
  })
})
