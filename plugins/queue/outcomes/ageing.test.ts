import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { wait } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import { deliveredOutcome, unreachable } from '../../../test/support/queue/queue-world-delivery.ts'

const minute = 60_000

describe('recipients whose turn does not come', () => {
  let world: QueueWorld
  let node: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), {
      options: { lifetime: '1h', delayWarning: '10m', longestRetry: '30m', longestPause: '1h' },
    })
    node = await world.node()
    world.delivery.on('@dead.example', unreachable)
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const told = (action: string): number => world.reports.told.filter((each) => each.startsWith(action)).length

  it('are warned of once and given up in time, though their destination is paused', async () => {
    for (let sent = 0; sent < 10; sent++)
      await node.queue.accept(await mail({ to: [`user${sent}@dead.example`], from: `s${sent}@o.example` }))
    await world.pass(20 * minute, 10_000)
    expect(told('delayed')).toBe(10)
    expect(world.reports.reports[0]?.recipients[0]).toMatchObject({
      action: 'delayed',
      reply: { code: 451 },
      remoteHost: 'mx.dead.example',
    })
    await world.pass(45 * minute, 10_000)
    expect(told('delayed')).toBe(10)
    for (let sent = 0; sent < 10; sent++) expect(world.delivery.count(`s${sent}@o.example`)).toBe(2)
    expect(new Set(world.delivery.givenUp).size).toBe(10)
    expect(world.delivery.givenUp).toHaveLength(10)
    expect(await world.rows()).toBe(0)
  })

  it('are told of by the thousand', async () => {
    const to = Array.from({ length: 1_300 }, (_, index) => `user${index}@dead.example`)
    await node.queue.accept(await mail({ to }))
    await world.pass(64 * minute, 10_000)
    expect(new Set(world.delivery.givenUp).size).toBe(1_300)
    expect(await world.rows()).toBe(0)
  })

  it('where one’s content is lost, it is held until it is bounced, and the others are told of', async () => {
    await node.queue.accept(await mail({ to: ['jo@dead.example'] }))
    await world.quiet()
    await node.queue.accept(await mail({ to: ['lost@dead.example'], size: 300_000 }))
    await node.queue.accept(await mail({ to: ['anna@dead.example'] }))
    await world.quiet()
    for (const file of await world.files()) await rm(join(world.folder, file))
    await world.pass(64 * minute, 10_000)
    expect([...world.delivery.givenUp].sort()).toEqual(['anna@dead.example', 'jo@dead.example'])
    expect(await node.queue.list()).toMatchObject([
      {
        state: 'held',
        recipientCount: 1,
        recipients: [{ lastReply: { lines: ['The content of the message is not there any more'] } }],
      },
    ])
    expect(await node.queue.bounce({})).toBe(1)
    expect(world.reports.told.at(-1)).toBe('failed lost@dead.example')
  })

  it('are told of with the time of their own last attempt, or with none', async () => {
    const began = world.clock.now()
    await node.queue.accept(await mail({ to: ['tried@dead.example'] }))
    await world.quiet()
    for (let sent = 0; sent < 9; sent++) await node.queue.accept(await mail({ to: [`${sent}@dead.example`] }))
    await world.quiet()
    await node.queue.accept(await mail({ to: ['untried@dead.example'] }))
    await world.pass(11 * minute, 10_000)
    const about = (localPart: string) =>
      world.reports.reports.flatMap(({ recipients }) =>
        recipients.filter((one) => one.action === 'delayed' && one.recipient.localPart === localPart),
      )
    expect(about('tried').map(({ lastAttempt }) => lastAttempt)).toEqual([expect.any(Number)])
    expect(Number(about('tried')[0]?.lastAttempt)).toBeLessThan(began + 10 * minute)
    expect(about('untried')).toHaveLength(1)
    expect(about('untried')[0]).not.toHaveProperty('lastAttempt')
  })

  it('that are held are not told of', async () => {
    await node.queue.accept(await mail({ to: ['jo@dead.example'] }))
    await world.quiet()
    await node.queue.hold({})
    await world.pass(120 * minute, 60_000)
    expect(world.reports.told).toEqual([])
    expect(await node.queue.list({ state: 'held' })).toHaveLength(1)
  })

  it('are told of later where the database is away', async () => {
    await node.queue.accept(await mail({ to: ['jo@dead.example'] }))
    await world.quiet()
    const back = node.faults.fail({ times: Number.POSITIVE_INFINITY })
    await world.pass(70 * minute, 60_000)
    back()
    const told = node.log.lines.filter(
      ({ event, level }) => event === 'unavailable' && ['warn', 'error'].includes(level),
    )
    expect(told.length).toBeGreaterThan(0)
    // Once a minute at most, whatever finds it out.
    expect(told.length).toBeLessThanOrEqual(2 * 71)
    await world.pass(5 * minute, 5_000)
    expect(world.delivery.givenUp).toEqual(['jo@dead.example'])
    expect(world.delivery.count('sender@origin.example')).toBeGreaterThanOrEqual(1)
    expect(await world.rows()).toBe(0)
  })

  describe('that have become many while nobody worked', () => {
    const to = Array.from({ length: 1_300 }, (_, index) => `user${index}@slow.example`)
    const slowly = { recipientsPerDelivery: 1, initialPerDestination: 2, perDestination: 2 }

    beforeEach(async () => {
      await node.stop()
      const away = await world.node({ serves: false })
      await away.queue.accept(await mail({ to }))
      world.clock.advance(120 * minute)
    })

    it('are all tried, and nobody is told, where the destination takes mail', async () => {
      world.delivery.on('@slow.example', async () => {
        await wait(world.clock, 2_000)
        return deliveredOutcome
      })
      await world.node(slowly)
      await world.pass(35 * minute, 2_000)
      expect(world.delivery.delivered).toHaveLength(1_300)
      expect(world.reports.told).toEqual([])
      expect(await world.rows()).toBe(0)
    })

    it('are given up where nothing comes of those that are being tried', async () => {
      world.delivery.gate('slow.example')
      await world.node(slowly)
      await world.pass(9 * minute, 10_000)
      expect(world.delivery.givenUp).toEqual([])
      await world.pass(4 * minute, 10_000)
      expect(world.delivery.givenUp.length).toBeGreaterThanOrEqual(790)
    })
  })

  it('at more destinations than are looked at together are all given up', async () => {
    await node.stop()
    const away = await world.node({ serves: false })
    const hosts = Array.from({ length: 700 }, (_, index) => `slow${index}.example`)
    await away.queue.accept(await mail({ to: hosts.flatMap((host) => [`jo@${host}`, `anna@${host}`]) }))
    for (const host of hosts) world.delivery.gate(host)
    world.clock.advance(120 * minute)
    // There is room for one of each destination, and for few others.
    await world.node({ recipientsInMemory: 934, deliveries: 2 })
    await world.pass(9 * minute, 10_000)
    expect(world.delivery.givenUp).toEqual([])
    await world.pass(5 * minute, 10_000)
    expect(world.delivery.givenUp.length).toBeGreaterThanOrEqual(200)
  })

  describe('whose warning has become due while nobody worked', () => {
    const slowly = { recipientsPerDelivery: 1, initialPerDestination: 2, perDestination: 2 }

    beforeEach(async () => {
      await node.stop()
      const away = await world.node({ serves: false })
      const to = Array.from({ length: 1_300 }, (_, index) => `user${index}@slow.example`)
      await away.queue.accept(await mail({ to }))
      world.clock.advance(20 * minute)
    })

    const take = (milliseconds: number) =>
      world.delivery.on('@slow.example', async () => {
        await wait(world.clock, milliseconds)
        return deliveredOutcome
      })

    it('are not warned of where they are delivered soon', async () => {
      take(1_000)
      await world.node(slowly)
      await world.pass(14 * minute, 1_000)
      expect(world.delivery.delivered).toHaveLength(1_300)
      expect(world.reports.told).toEqual([])
    })

    it('are warned of where the line moves slowly', async () => {
      take(10_000)
      await world.node(slowly)
      await world.pass(14 * minute, 10_000)
      expect(told('delayed')).toBe(0)
      await world.pass(4 * minute, 10_000)
      expect(world.delivery.delivered.length).toBeLessThan(300)
      expect(told('delayed')).toBeGreaterThan(500)
      world.delivery.on('@slow.example', deliveredOutcome)
      await world.pass(10 * minute, 10_000)
      expect(world.delivery.givenUp).toEqual([])
      expect(await world.rows()).toBe(0)
    })
  })

  it('are delivered, not given up, where the destination answers in time', async () => {
    for (let sent = 0; sent < 10; sent++)
      await node.queue.accept(await mail({ to: [`user${sent}@dead.example`] }))
    await world.pass(5 * minute, 10_000)
    world.delivery.on('@dead.example', deliveredOutcome)
    await world.pass(50 * minute, 10_000)
    expect(world.delivery.givenUp).toEqual([])
    const arrived = world.delivery.delivered.filter(({ to }) => to.endsWith('@dead.example'))
    expect(new Set(arrived.map(({ to }) => to)).size).toBe(10)
    expect(arrived).toHaveLength(10)
    expect(await world.rows()).toBe(0)
  })
})
