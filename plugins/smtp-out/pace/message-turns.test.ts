import { type Database, database, definePlugin, noOptions, UnavailableError } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import {
  capturedLog,
  createTestHost,
  type FakeClock,
  fakeClock,
  faultyDatabase,
  type TestHost,
} from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { target } from '../../../test/support/smtp/smtp-out-target.ts'
import { HostFailure, unreachable } from '../outcome.ts'
import { Gate, type NotYet } from './gate.ts'
import { type MessageTurns, nextTurn } from './message-turns.ts'
import { OwnTurns } from './own-turns.ts'
import { SharedTurns, turnsMigration } from './shared-turns.ts'

const turnsHolder = definePlugin({
  name: 'holder',
  requires: [database],
  migrations: [turnsMigration],
  parseOptions: noOptions,
  setup: () => undefined,
})

describe('the next turn', () => {
  const rate = { interval: 2_000, burst: 1 }

  test.each([
    ['at once after a pause', 0, 10_000, rate, { wait: 0, isTaken: true, next: 12_000 }],
    ['behind the one before', 12_000, 10_500, rate, { wait: 1_500, isTaken: true, next: 14_000 }],
    ['not for the impatient', 99_000, 10_000, rate, { wait: 89_000, isTaken: false, next: 99_000 }],
    [
      'several at once',
      14_000,
      10_000,
      { interval: 2_000, burst: 3 },
      { wait: 0, isTaken: true, next: 16_000 },
    ],
    [
      'not more than these',
      16_000,
      10_000,
      { interval: 2_000, burst: 3 },
      { wait: 2_000, isTaken: true, next: 18_000 },
    ],
  ])('%s', (_, next, now, of, expected) => {
    expect(nextTurn(next, now, of, 30_000)).toEqual(expected)
  })
})

let base: DatabaseUnderTest
let clock: FakeClock
let host: TestHost

beforeEach(async () => {
  base = await databaseUnderTest()
  clock = fakeClock(1_000_000)
  // Without that clock: by its leaps connections that are being opened would take too long.
  host = await createTestHost({ plugins: [databasePlugin(base.options), turnsHolder()] })
})

afterEach(async () => {
  await host.stop()
  await base[Symbol.asyncDispose]()
})

const sharedTurns = (tables: Database = host.service(database)) =>
  new SharedTurns({ database: tables, clock, log: capturedLog() })

const makers: readonly (readonly [string, () => MessageTurns])[] = [
  ['of one process', () => new OwnTurns(clock)],
  ['in the database', () => sharedTurns()],
]

describe.each(makers)('turns %s', (_, make) => {
  const rate = { interval: 1_000, burst: 1 }

  test('come one after the other, for each key', async () => {
    const turns = make()
    const waits: number[] = []
    for (let count = 0; count < 3; count++) waits.push((await turns.take('a', rate, 60_000)).wait)
    expect(waits).toEqual([0, 1_000, 2_000])
    expect(await turns.take('b', rate, 60_000)).toEqual({ wait: 0, isTaken: true })
    expect(await turns.take('a', rate, 2_999)).toEqual({ wait: 3_000, isTaken: false })
    clock.advance(3_000)
    expect(await turns.take('a', rate, 0)).toEqual({ wait: 0, isTaken: true })
  })

  test('that are to come are kept', async () => {
    const turns = make()
    await turns.take('slow', { interval: 86_400_000, burst: 1 }, 0)
    for (let count = 0; count < 20; count++) await turns.take(`k${count}`, rate, 0)
    clock.advance(7_200_000)
    await turns.take('other', rate, 0)
    expect(await turns.take('slow', { interval: 86_400_000, burst: 1 }, 0)).toMatchObject({ isTaken: false })
  })
})

test('turns that are over are not kept', async () => {
  const tables = host.service(database)
  const turns = sharedTurns(tables)
  for (let count = 0; count < 3; count++) await turns.take(`k${count}`, { interval: 1_000, burst: 1 }, 0)
  clock.advance(7_200_000)
  await turns.take('other', { interval: 1_000, burst: 1 }, 0)
  await vi.waitFor(
    async () =>
      expect(await tables.query(async (knex) => knex('smtp_out_turns').select('id'))).toHaveLength(1),
    { timeout: 20_000 },
  )
})

test('nobody waits until those that are over are deleted, nor fares worse where they cannot be', async () => {
  const { database: tables, fail } = faultyDatabase(host.service(database))
  const turns = sharedTurns(tables)
  const hasStruck = fail({ call: 'query' })
  expect(await turns.take('a', { interval: 1_000, burst: 1 }, 0)).toMatchObject({ isTaken: true })
  expect(hasStruck()).toBe(true)
})

test('a turn is taken also where its row was deleted meanwhile', async () => {
  const tables = host.service(database)
  const transaction: Database['transaction'] = async (run) => {
    await tables.query(async (knex) => knex('smtp_out_turns').delete())
    return tables.transaction(run)
  }
  const rate = { interval: 1_000, burst: 1 }
  await sharedTurns({ ...tables, query: (run) => tables.query(run), transaction }).take('a', rate, 0)
  expect(await sharedTurns().take('a', rate, 0)).toEqual({ wait: 1_000, isTaken: false, othersToo: true })
})

test('a turn is taken again where another one’s locks have undone it', async () => {
  const { database: tables, fail } = faultyDatabase(host.service(database))
  const cause = Object.assign(new Error('deadlock'), { sqlState: '40001' })
  const error = new UnavailableError('undone', { cause })
  const hasStruck = fail({ call: 'transaction', when: 'during', error, times: 2 })
  const rate = { interval: 1_000, burst: 1 }
  expect(await sharedTurns(tables).take('a', rate, 0)).toEqual({ wait: 0, isTaken: true })
  expect(hasStruck()).toBe(true)
  expect(await sharedTurns().take('a', rate, 0)).toEqual({ wait: 1_000, isTaken: false, othersToo: true })
})

test('a turn is taken once where its commit got no answer, whatever was taken before', async () => {
  const rate = { interval: 1_000, burst: 1 }
  const { database: tables, fail } = faultyDatabase(host.service(database))
  const turns = sharedTurns(tables)
  for (const wait of [0, 1_000]) {
    const hasStruck = fail({ call: 'transaction', when: 'after' })
    expect(await turns.take('a', rate, 60_000)).toEqual({ wait, isTaken: true })
    expect(hasStruck()).toBe(true)
  }
  expect(await sharedTurns().take('a', rate, 60_000)).toMatchObject({ wait: 2_000 })
})

test('processes that share a database share the turns', async () => {
  const rate = { interval: 1_000, burst: 1 }
  const processes = Array.from({ length: 5 }, () => sharedTurns())
  const taken = await Promise.all(processes.map((turns) => turns.take('a', rate, 60_000)))
  expect(taken.map(({ wait }) => wait).sort((one, other) => one - other)).toEqual([
    0, 1_000, 2_000, 3_000, 4_000,
  ])
})

describe('whoever asks is told of turns that others have taken since it asked last', () => {
  const rate = { interval: 1_000, burst: 1 }
  const othersToo = async (turns: MessageTurns) => (await turns.take('a', rate, 0)).othersToo ?? false

  test('once, and not of its own', async () => {
    const [one, other] = [sharedTurns(), sharedTurns()]
    for (const expected of [false, false]) expect(await othersToo(one)).toBe(expected)
    clock.advance(1_000)
    await other.take('a', rate, 0)
    for (const expected of [true, false]) expect(await othersToo(one)).toBe(expected)
    clock.advance(1_000)
    for (const expected of [false, false]) expect(await othersToo(one)).toBe(expected)
    expect(await othersToo(other)).toBe(true)
  })

  test('and where it asks several times at once, of others alone', async () => {
    const one = sharedTurns()
    const taken = await Promise.all(Array.from({ length: 5 }, () => one.take('a', rate, 60_000)))
    expect(taken.some((turn) => turn.othersToo)).toBe(false)
  })

  test('also where another one’s locks have undone its own', async () => {
    const { database: tables, fail } = faultyDatabase(host.service(database))
    const [one, other] = [sharedTurns(tables), sharedTurns()]
    await othersToo(one)
    clock.advance(1_000)
    await other.take('a', rate, 0)
    clock.advance(1_000)
    const cause = Object.assign(new Error('deadlock'), { sqlState: '40001' })
    const error = new UnavailableError('undone', { cause })
    const hasStruck = fail({ call: 'transaction', when: 'during', error })
    expect(await othersToo(one)).toBe(true)
    expect(hasStruck()).toBe(true)
  })
})

const hour = 3_600_000
const { signal } = new AbortController()

function gateOf(): Gate {
  const limit = {
    ...{ name: 'all', hosts: undefined, domains: undefined, each: undefined, connections: undefined },
    rate: { interval: hour, burst: 1 },
  }
  return new Gate({ clock, limit, key: 'k', turns: sharedTurns(), idleTime: 0 })
}

/** Whether a message is sent, or is told that others have their turns. */
function run(gate: Gate): Promise<'sent' | boolean> {
  return gate
    .run(target('far.example'), signal, async (getsOn) => getsOn())
    .then(
      () => 'sent' as const,
      (error: NotYet) => error.moving,
    )
}

test('what waits while only other processes have turns is told that others have theirs', async () => {
  const [one, other] = [gateOf(), gateOf()]
  expect(await run(one)).toBe('sent')
  for (let hours = 0; hours < 8; hours++) {
    clock.advance(hour)
    expect(await run(other)).toBe('sent')
    for (let asked = 0; asked < 3; asked++) expect(await run(one)).toBe(true)
  }
  // A server that has been at work for long may meet a limit for the first time.
  const fresh = gateOf()
  clock.advance(600_000)
  expect(await run(fresh)).toBe(true)
})

test('what waits while this process alone has turns that come to nothing is told so', async () => {
  const gate = gateOf()
  const outcome = unreachable('unreachable', '4.4.1', 'connection refused')
  await expect(
    gate.run(target('far.example'), signal, () => Promise.reject(new HostFailure(outcome))),
  ).rejects.toThrow('refused')
  expect(await run(gate)).toBe(false)
})

test('turns of a clock that was ahead are not waited for, but those that others have taken are', async () => {
  const rate = { interval: 10_000, burst: 3 }
  const right = clock.now()
  clock.set(right + 86_400_000)
  for (let taken = 0; taken < 6; taken++) await sharedTurns().take('a', rate, 30_000)
  const { wait } = await sharedTurns().take('a', rate, 0)
  expect(wait).toBe(40_000)
  clock.set(right)
  expect(await sharedTurns().take('a', rate, 0)).toMatchObject({ wait, isTaken: false })
  clock.advance(wait)
  expect(await sharedTurns().take('a', rate, 0)).toMatchObject({ wait: 0, isTaken: true })
})
