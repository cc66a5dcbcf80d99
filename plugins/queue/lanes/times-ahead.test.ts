import type { Outcome, Queue } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { slowStatements } from '../../../test/support/query-plans.ts'
import { mail } from '../../../test/support/queue/queue-submission.ts'
import { type QueueWorld, queueWorld } from '../../../test/support/queue/queue-world.ts'
import {
  deliveredOutcome,
  mailboxFull,
  noSuchUser,
  unreachable,
} from '../../../test/support/queue/queue-world-delivery.ts'
import { never } from '../tables/tables.ts'
import { mendTimesAhead } from './times-ahead.ts'

const day = 86_400_000
const longest = { schedule: { longest: 7_200_000 }, health: { longestPause: 3_600_000 } }

describe('after a clock that was ahead', () => {
  let world: QueueWorld

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), {
      options: { lifetime: '10d', delayWarning: 0, initialPerDestination: 1, perDestination: 1 },
    })
  })

  afterEach(() => world[Symbol.asyncDispose]())

  /** Mail comes, and waits, while the clock is ahead. */
  const ahead = async (queue: Queue): Promise<void> => {
    const right = world.clock.now()
    world.clock.set(right + 5 * day)
    world.delivery.on('@dead.example', unreachable)
    world.delivery.on('full@far.example', mailboxFull)
    world.delivery.on('held@far.example', { ...mailboxFull, hold: true } as Outcome)
    for (const to of ['jo@dead.example', 'full@far.example', 'held@far.example'])
      await queue.accept(await mail({ to: [to] }))
    await world.pass(3_000)
    world.clock.set(right)
    world.delivery.on('@dead.example', deliveredOutcome)
    world.delivery.on('full@far.example', deliveredOutcome)
  }

  it('nobody waits for as long at the next start, and what is held stays so', async () => {
    const before = await world.node()
    await ahead(before.queue)
    await before.stop()
    const { queue } = await world.node()
    await world.pass(20_000)
    const to = world.delivery.delivered.map((each) => each.to)
    expect(to.toSorted()).toEqual(['full@far.example', 'jo@dead.example'])
    expect(await queue.list()).toMatchObject([{ state: 'held', recipients: [{ held: true }] }])
  })

  it('nobody waits for as long where the server has gone on, and new mail goes', async () => {
    const { queue } = await world.node()
    await ahead(queue)
    await queue.accept(await mail({ to: ['new@dead.example'] }))
    await world.pass(120_000)
    for (const to of ['jo@dead.example', 'new@dead.example', 'full@far.example'])
      expect(world.delivery.count(to)).toBe(1)
  })

  it('times that a clock may have written stay', async () => {
    world.delivery.on('full@far.example', mailboxFull)
    world.delivery.on('@dead.example', unreachable)
    const { queue } = await world.node({ firstRetry: '2h' })
    await queue.accept(await mail({ to: ['full@far.example', 'jo@dead.example'] }))
    await world.pass(180_000)
    expect(world.delivery.attempts).toHaveLength(2)
  })

  it('what a process held that died then is free a few minutes later', async () => {
    const died = await world.node()
    const right = world.clock.now()
    world.clock.set(right + 5 * day)
    await world.pass(20_000)
    world.delivery.on('full@far.example', mailboxFull)
    await died.queue.accept(await mail({ to: ['full@far.example'] }))
    await world.pass(3_000)
    died.kill()
    world.clock.set(right)
    const { queue } = await world.node()
    await queue.accept(await mail({ to: ['new@far.example'] }))
    await world.pass(300_000, 5_000)
    expect(world.delivery.count('new@far.example')).toBe(1)
  })

  it('what senders are to be told does not wait for as long', async () => {
    const { queue } = await world.node()
    const right = world.clock.now()
    world.clock.set(right + 5 * day)
    world.delivery.on('no@a.example', noSuchUser)
    world.delivery.on('full@b.example', mailboxFull)
    const open = world.delivery.gate('b.example')
    await queue.accept(await mail({ to: ['no@a.example', 'full@b.example'] }))
    await world.pass(3_000)
    world.clock.set(right)
    open()
    await world.pass(120_000, 5_000)
    expect(world.reports.told).toEqual(['failed no@a.example'])
  })

  it('nor does what others have left', async () => {
    await world.database.query(async (knex) => {
      const rest = { message: 1, recipient: 1, report: '{}' }
      await knex('queue_reports').insert({ number: 1, due: world.clock.now() + 5 * day, ...rest })
      await knex('queue_reports').insert({ number: 2, due: never, ...rest })
    })
    const now = world.clock.now()
    await mendTimesAhead(world.database, longest, now)
    const left = await world.database.query((knex) => knex('queue_reports').orderBy('number').pluck('due'))
    expect(left.map(Number)).toEqual([now, never])
  })

  it('finds them by an index', async () => {
    await ahead((await world.node()).queue)
    const slow = await slowStatements(world.database, () =>
      mendTimesAhead(world.database, longest, world.clock.now()),
    )
    expect(slow.filter((statement) => statement.includes('queue_recipients'))).toEqual([])
  })
})
