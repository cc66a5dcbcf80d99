import { capturedLog, faultyDatabase } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { mail } from '../../test/support/queue/queue-submission.ts'
import { type QueueNode, type QueueWorld, queueWorld } from '../../test/support/queue/queue-world.ts'
import { deliveredOutcome, mailboxFull, waitsForTurn } from '../../test/support/queue/queue-world-delivery.ts'
import { Departures } from './departures.ts'
import { Holder } from './lanes/holder.ts'
import type { Lane } from './lanes/lane.ts'
import { joinLanes, type TakenLane } from './lanes/lane-table.ts'
import { Lanes } from './lanes/lanes.ts'
import { parseOptions } from './options.ts'
import { GroupCommit } from './tables/group-commit.ts'

describe('a destination that is given up while the database is away', () => {
  let world: QueueWorld
  let node: QueueNode

  beforeEach(async () => {
    world = await queueWorld(databaseUnderTest(), { options: { firstRetry: '1m', delayWarning: 0 } })
    node = await world.node()
  })

  afterEach(() => world[Symbol.asyncDispose]())

  const accept = async (to: string): Promise<void> => {
    await node.queue.accept(await mail({ to: [to] }))
  }
  const rowOf = ({ destination }: Lane) =>
    world.database.query((knex) => knex('queue_lanes').where({ destination }).first())
  /** A destination in the hands of departures, with the faults of their database. */
  const leaving = async () => {
    const { database, clock } = world
    const log = capturedLog()
    const faults = faultyDatabase(database)
    const lanes = new Lanes(parseOptions({}))
    const holder = new Holder(database, clock, log)
    const taker = { owner: holder.id, worksOn: () => false, leaves: () => false }
    const [row] = await database.transaction((knex) => joinLanes(knex, ['far.example'], taker, clock.now()))
    const { signal } = new AbortController()
    const commits = new GroupCommit(faults.database)
    const departures = new Departures({ commits, holder, lanes, clock, log, signal })
    return { departures, faults, holder, lane: lanes.open(row as TakenLane, holder.id, clock.monotonic()) }
  }
  const outage = () => node.faults.fail({ call: 'transaction', times: Number.POSITIVE_INFINITY })

  it('is tried at the end of its pause', async () => {
    const open = world.delivery.gate('paced.example')
    world.delivery.on('@paced.example', waitsForTurn(20_000))
    await accept('jo@paced.example')
    await world.quiet()
    const back = outage()
    open()
    await world.pass(5_000)
    world.delivery.on('@paced.example', deliveredOutcome)
    expect(back()).toBe(true)
    await world.pass(13_000)
    expect(world.delivery.attempts).toHaveLength(1)
    await world.pass(4_000)
    expect(world.delivery.count('jo@paced.example')).toBe(1)
    expect(await world.rows()).toBe(0)
  })

  it('is tried soon where its pause has ended meanwhile', async () => {
    const open = world.delivery.gate('paced.example')
    world.delivery.on('@paced.example', waitsForTurn(2_000))
    await accept('jo@paced.example')
    await world.quiet()
    const back = outage()
    open()
    await world.pass(20_000)
    world.delivery.on('@paced.example', deliveredOutcome)
    back()
    await world.pass(20_000)
    expect(world.delivery.count('jo@paced.example')).toBe(1)
  })

  it('since it has nothing to do is free when the database is back', async () => {
    world.delivery.on('@far.example', mailboxFull)
    await accept('jo@far.example')
    await world.quiet()
    await node.stop()
    const { departures, lane, faults, holder } = await leaving()
    const back = faults.fail({ call: 'transaction', times: Number.POSITIVE_INFINITY })
    departures.release(lane)
    await world.pass(70_000)
    // At once, then after 1, 2, 4, 8, 16 and 30 seconds; each time with others' writes, and alone.
    expect(faults.calls.filter(({ name }) => name === 'transaction')).toHaveLength(2 * 7)
    expect(departures.has(lane.destination)).toBe(true)
    expect(await rowOf(lane)).toMatchObject({ owner: holder.id })
    expect(back()).toBe(true)
    // On a busy machine the writes are not over when the clock has gone on.
    for (let tries = 0; tries < 10 && departures.has(lane.destination); tries++) await world.pass(30_000)
    expect(departures.has(lane.destination)).toBe(false)
    const [recipient] = await world.database.query((knex) => knex('queue_recipients').select('due'))
    expect(await rowOf(lane)).toMatchObject({ owner: '', due: recipient?.due })
  })

  it('is left to others who have taken it meanwhile', async () => {
    const { departures, lane, faults } = await leaving()
    const back = faults.fail({ call: 'transaction', times: Number.POSITIVE_INFINITY })
    departures.judge(lane, { health: 'waits', retryAfter: 20_000 })
    await world.pass(5_000)
    await world.database.query((knex) =>
      knex('queue_lanes').where({ destination: lane.destination }).update({ owner: 'other' }),
    )
    const before = await rowOf(lane)
    back()
    await world.pass(10_000)
    expect(departures.has(lane.destination)).toBe(false)
    expect(await rowOf(lane)).toEqual(before)
  })

  it('holds up nobody who stops the queue', async () => {
    const open = world.delivery.gate('paced.example')
    world.delivery.on('@paced.example', waitsForTurn(20_000))
    await accept('jo@paced.example')
    await world.quiet()
    const back = outage()
    open()
    await world.pass(5_000)
    await node.stop()
    const calls = node.faults.calls.length
    await world.pass(61_000, 10_000)
    expect(node.faults.calls).toHaveLength(calls)
    back()
  })
})
