import { reply } from 'mailwright'
import { addressOf } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { type OpenDatabase, openDatabase } from '../../../test/support/queue/queue-database.ts'
import { queueMigrations } from '../tables/migrations.ts'
import { never, type ReportRow } from '../tables/tables.ts'
import { ChangedError } from './news.ts'
import { deleteToTell, findDue, findNoted, findUnderWay, readToTell, writeToTell } from './to-tell.ts'

let base: DatabaseUnderTest
let open: OpenDatabase

beforeEach(async () => {
  base = await databaseUnderTest()
  open = await openDatabase(base, queueMigrations)
  await open.service.transaction(async (knex) => {
    const times = { arrived_at: 0, expires_at: 0, size: 0 }
    const envelope = JSON.stringify({ reversePath: null, parameters: {} })
    for (const number of [1, 2, 3, 4])
      await knex('queue_messages').insert({ number, id: 'x', sender: '<>', envelope, ...times })
  })
})

afterEach(async () => {
  await open.close()
  await base[Symbol.asyncDispose]()
})

const row = (
  number: number,
  message: number,
  recipient: number,
  rest: Partial<ReportRow> = {},
): ReportRow => ({
  ...{ number, message, recipient, due: 1_000 },
  report: report('failed'),
  ...rest,
})

function report(action: string): string {
  const [recipient, said] = [addressOf('jo@far.example'), reply(550, '5.1.1', 'No such user')]
  return JSON.stringify({
    ...{ recipient, finalRecipient: recipient, parameters: {}, action, reply: said, lastAttempt: 0 },
  })
}

it('is written once, and deleted by one', async () => {
  const { service } = open
  const rows = [row(5, 1, 11), row(6, 1, 12)]
  for (let times = 0; times < 2; times++) await service.query((knex) => writeToTell(knex, rows))
  expect((await service.query((knex) => readToTell(knex, 1)))?.recipients).toHaveLength(2)
  await service.query((knex) => deleteToTell(knex, [5]))
  await expect(service.transaction((knex) => deleteToTell(knex, [5, 6]))).rejects.toThrow(ChangedError)
  expect((await service.query((knex) => readToTell(knex, 1)))?.numbers).toEqual([6])
})

it('nobody is told that something takes long which is over by now', async () => {
  const rows = [
    row(5, 1, 11, { report: report('delayed') }),
    row(6, 1, 12, { report: report('delayed') }),
    row(7, 1, 11),
    row(8, 1, 13, { report: '{' }),
  ]
  await open.service.query((knex) => writeToTell(knex, rows))
  const found = await open.service.query((knex) => readToTell(knex, 1))
  expect(found).toMatchObject({
    message: { number: 1 },
    numbers: [5, 6, 7, 8],
    recipients: [{ action: 'delayed' }, { action: 'failed' }],
    damaged: 1,
    more: false,
  })
})

it('is found by its time, by pages', async () => {
  const rows = [
    row(5, 3, 31),
    row(6, 1, 11),
    row(7, 1, 12),
    row(8, 2, 21, { due: 2_000 }),
    row(9, 4, 41, { due: never }),
  ]
  await open.service.query((knex) => writeToTell(knex, rows))
  const due = (now: number, after: number): Promise<readonly number[]> =>
    open.service.query((knex) => findDue(knex, { now, after, most: 2 }))
  expect([await due(999, -1), await due(1_000, -1), await due(2_000, 2), await due(2_000, 3)]).toEqual([
    [],
    [1, 3],
    [3],
    [],
  ])
  expect([...(await open.service.query((knex) => findNoted(knex, [1, 2, 7])))].sort()).toEqual([1, 2])
  expect(await open.service.query((knex) => readToTell(knex, 4))).toBeUndefined()
})

it('knows what is under way: what is being tried, and whose time is over', async () => {
  await open.service.transaction(async (knex) => {
    for (const [destination, paused_until] of [
      ['well', 0],
      ['paused', 9_000],
    ] as const)
      await knex('queue_lanes').insert({
        ...{ destination, paused_until, due: 0, owner: '', fence: 1, pauses: 0, last: null },
      })
    const waiting = [
      [11, 'well', 5_000, 9_000],
      [12, 'paused', 0, 9_000],
      [13, 'well', never, never],
      [21, 'well', 5_000, 9_000],
      [22, 'well', 1_000, 9_000],
      [31, 'paused', 0, 1_000],
      [41, 'gone', 0, 9_000],
    ] as const
    for (const [number, destination, due, deadline] of waiting)
      await knex('queue_recipients').insert({
        ...{ number, message: Math.floor(number / 10), address: 'a', delivery: '{}', destination },
        ...{ attempts: 0, due, deadline, warned: false, last: null },
      })
  })
  const underWay = await open.service.query((knex) => findUnderWay(knex, [1, 2, 3, 4], 1_000))
  expect([...underWay].sort()).toEqual([2, 3])
})
