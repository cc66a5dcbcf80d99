import { type Outcome, wait } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../test/support/queue/queue-world.ts'
import {
  deliveredOutcome,
  mailboxFull,
  unreachable,
  waitsForTurn as waits,
} from '../../test/support/queue/queue-world-delivery.ts'

const minute = 60_000

describe('a destination that has to wait', () => {
  let world: QueueWorld
  let node: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), {
      options: { lifetime: '10m', notificationLifetime: '10m', delayWarning: 0 },
    })
    node = await world.node()
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const accept = async (to: string): Promise<void> => {
    await node.queue.accept(await mail({ to: [to] }))
  }

  it('is left alone for so long, again and again, and nothing counts as tried', async () => {
    world.delivery.on('@paced.example', waits(10_000))
    for (let sent = 0; sent < 30; sent++) await accept(`user${sent}@paced.example`)
    await accept('jo@alive.example')
    await world.quiet()
    expect(world.delivery.count('jo@alive.example')).toBe(1)
    const [paced] = (await node.queue.statistics()).destinations
    expect(Number(paced?.pausedUntil) - world.clock.now()).toBe(10_000)
    const first = world.delivery.attempts.length
    expect(first).toBeLessThanOrEqual(6)
    await world.pass(9_000)
    expect(world.delivery.attempts).toHaveLength(first)
    await world.pass(minute)
    expect(world.delivery.attempts.length).toBeGreaterThanOrEqual(first + 5)
    const recipients = (await node.queue.list()).flatMap((message) => message.recipients)
    expect(recipients).toHaveLength(30)
    expect(recipients.every(({ attempts }) => attempts === 0)).toBe(true)
    world.delivery.on('@paced.example', deliveredOutcome)
    await world.pass(12_000)
    expect(world.delivery.delivered).toHaveLength(31)
    expect(await world.rows()).toBe(0)
  })

  it.each([Number.NaN, '5m', Number.POSITIVE_INFINITY, 1e300])(
    'for %s is tried soon again, and so is other mail for it',
    async (wait) => {
      world.delivery.on('one@odd.example', waits(wait as number))
      world.delivery.on('two@odd.example', { ...unreachable, retryAfter: wait as number } as Outcome)
      await accept('one@odd.example')
      await accept('two@odd.example')
      await world.quiet()
      world.delivery.on('one@odd.example', deliveredOutcome)
      world.delivery.on('two@odd.example', deliveredOutcome)
      await accept('three@odd.example')
      await node.queue.flush({ recipient: 'two@odd.example' })
      await world.pass(11 * minute, 5_000)
      for (const name of ['one', 'two', 'three']) expect(world.delivery.count(`${name}@odd.example`)).toBe(1)
      expect(node.log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
    },
  )

  it('for longer than its messages may wait has their senders told', async () => {
    world.delivery.on('@paced.example', waits(1.5 * minute))
    await accept('jo@paced.example')
    await world.pass(12 * minute, 5_000)
    expect(new Set(world.reports.told)).toEqual(new Set(['failed jo@paced.example']))
    expect(world.delivery.count('sender@origin.example')).toBe(1)
    expect(await world.rows()).toBe(0)
  })

  it('while others have their turns is waited for also behind the time of its messages', async () => {
    world.delivery.on('@paced.example', waits(1.5 * minute, true))
    await accept('jo@paced.example')
    await world.pass(20 * minute, 5_000)
    // Once: its sender does not know yet that it takes long.
    expect(world.reports.told).toEqual(['delayed jo@paced.example'])
    expect(world.reports.reports[0]?.recipients[0]).not.toHaveProperty('willRetryUntil')
    const [item] = await node.queue.list()
    expect(item?.recipients).toMatchObject([
      { attempts: 0, waitsForTurn: true, lastReply: { code: 451, enhanced: '4.4.5' } },
    ])
    const { destinations } = await node.queue.statistics()
    expect(destinations).toContainEqual(
      expect.objectContaining({
        destination: 'paced.example',
        pausedFor: expect.objectContaining({ enhanced: '4.4.5' }),
      }),
    )
    world.delivery.on('@paced.example', deliveredOutcome)
    await world.pass(2 * minute, 5_000)
    expect(world.delivery.count('jo@paced.example')).toBe(1)
    expect(await world.rows()).toBe(0)
  })

  it('while others have their turns is not what those wait for who were put off themselves', async () => {
    world.delivery.on('full@paced.example', mailboxFull)
    await accept('full@paced.example')
    await world.quiet()
    world.delivery.on('jo@paced.example', waits(minute, true))
    await accept('jo@paced.example')
    await world.quiet()
    const recipients = (await node.queue.list()).flatMap((message) => message.recipients)
    const shown = recipients.map(({ address, waitsForTurn }) => [address.localPart, waitsForTurn])
    expect(shown).toEqual([
      ['full', undefined],
      ['jo', true],
    ])
  })

  it('while others have their turns has senders told as soon as nobody has', async () => {
    world.delivery.on('@paced.example', waits(1.5 * minute, true))
    await accept('jo@paced.example')
    await world.pass(12 * minute, 5_000)
    world.delivery.on('@paced.example', waits(1.5 * minute))
    await world.pass(5 * minute, 5_000)
    expect(new Set(world.reports.told)).toEqual(new Set(['failed jo@paced.example']))
  })

  it('is left alone for longer where those who had their turn find it away', async () => {
    world.delivery.on('@paced.example', async () => {
      await wait(world.clock, 5_000)
      return unreachable
    })
    world.delivery.on('late@paced.example', waits(10_000, true))
    for (let sent = 0; sent < 4; sent++) await accept(`user${sent}@paced.example`)
    await accept('late@paced.example')
    await world.pass(6_000)
    const [paced] = (await node.queue.statistics()).destinations
    expect(Number(paced?.pausedUntil) - world.clock.now()).toBeGreaterThan(minute)
  })

  it('has senders warned once after a quarter of an hour, though others have their turns', async () => {
    const warning = await world.node({ delayWarning: '1m', lifetime: '1h' })
    await node.stop()
    world.delivery.on('@paced.example', waits(1.5 * minute, true))
    await warning.queue.accept(await mail({ to: ['jo@paced.example'] }))
    await world.pass(14 * minute, 5_000)
    expect(world.reports.told).toEqual([])
    await world.pass(5 * minute, 5_000)
    expect(world.reports.told).toEqual(['delayed jo@paced.example'])
    await world.pass(60 * minute, 10_000)
    expect(world.reports.told).toEqual(['delayed jo@paced.example'])
  })
})
