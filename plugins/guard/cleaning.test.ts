import type { Knex } from 'knex'
import { database } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import guard from 'mailwright/plugins/guard'
import { createTestHost } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { writeBeforeDeletion } from '../../test/support/faults/write-before-deletion.ts'
import { slowStatements } from '../../test/support/query-plans.ts'
import { clean } from './cleaning.ts'

let base: DatabaseUnderTest

beforeEach(async () => {
  base = await databaseUnderTest()
})

afterEach(() => base[Symbol.asyncDispose]())

const { signal } = new AbortController()

test('what is over goes, then the oldest of what is too much, and what is spared stays', async () => {
  await using host = await createTestHost({ plugins: [databasePlugin(base.options), guard()] })
  const tables = host.service(database)
  const restrictions = Array.from({ length: 60 }, (_, number) => ({
    id: `${number}`.padStart(3, '0'),
    kind: 'network',
    network: `192.0.2.${number}/32`,
    login: '',
    since: number === 48 ? 1_000_001 : 0,
    ends_at: number === 59 ? null : number * 1000,
    times: 1,
    reason: '',
    made_by: number > 50 ? 'postmaster' : 'guard',
    generation: 1,
  }))
  await tables.query((knex) => knex('guard_restrictions').insert(restrictions))
  const remains = {
    table: 'guard_restrictions',
    oldestBy: 'ends_at',
    before: 10_000,
    isAhead: (rows: Knex.QueryBuilder) => rows.where('since', '>', 1_000_000),
    surplusOf: (rows: { where(column: string, value: string): unknown }) => rows.where('made_by', 'guard'),
  }
  const left = async () => {
    const rows = await tables.query((knex) => knex('guard_restrictions').orderBy('id').select('id'))
    return rows.map(({ id }) => Number(id))
  }
  await clean(tables, { ...remains, most: 1000 }, signal)
  const running = Array.from({ length: 50 }, (_, index) => index + 10).filter((number) => number !== 48)
  expect(await left()).toEqual(running)
  await clean(tables, { ...remains, most: 20 }, signal)
  expect(await left()).toEqual(running.slice(-20))
  await clean(tables, { ...remains, most: 1 }, signal)
  expect(await left()).toEqual([51, 52, 53, 54, 55, 56, 57, 58, 59])
})

test('what is over is found by the index, on its two sides, and spared where it is seen again by then', async () => {
  await using host = await createTestHost({ plugins: [databasePlugin(base.options), guard()] })
  const known = Array.from({ length: 9 }, (_, number) => ({
    id: `${number}`,
    login: 'jo@example.org',
    network: `192.0.2.${number}/32`,
    surroundings: '192.0.2.0/24',
    seen_at: number * 1000,
  }))
  const tables = host.service(database)
  await tables.query((knex) => knex('guard_known').insert(known))
  const remains = {
    table: 'guard_known',
    oldestBy: 'seen_at',
    before: 3_000,
    isAhead: (rows: Knex.QueryBuilder) => rows.where('seen_at', '>', 6_000),
    most: 100,
  }
  const again = () =>
    tables.query((knex) => knex('guard_known').where({ id: '1' }).update({ seen_at: 5_000 }))
  const between = writeBeforeDeletion(tables, 'guard_known', again)
  expect(await slowStatements(tables, () => clean(between, remains, signal))).toEqual([])
  const left = await tables.query((knex) => knex('guard_known').orderBy('id').select('id'))
  expect(left.map(({ id }) => id)).toEqual(['1', '3', '4', '5', '6'])
})
