import { setImmediate } from 'node:timers/promises'
import type { Knex } from 'knex'
import { type Database, database as databaseKey, deleteGradually } from 'mailwright'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { writeBeforeDeletion } from '../../test/support/faults/write-before-deletion.ts'
import databasePlugin from './index.ts'

let base: DatabaseUnderTest
let host: TestHost
let database: Database

beforeEach(async () => {
  base = await databaseUnderTest()
  host = await createTestHost({ plugins: [databasePlugin(base.options)] })
  database = host.service(databaseKey)
  await database.query((knex) =>
    knex.schema.createTable('things', (table) => {
      table.string('kind', 10).notNullable()
      table.integer('number').notNullable().index()
      table.primary(['kind', 'number'])
    }),
  )
  const rows = Array.from({ length: 700 }, (_, number) => ({ kind: number % 2 ? 'odd' : 'even', number }))
  for (let from = 0; from < rows.length; from += 100)
    await database.query((knex) => knex('things').insert(rows.slice(from, from + 100)))
})

afterEach(async () => {
  await host.stop()
  await base[Symbol.asyncDispose]()
})

const things = { table: 'things', key: ['kind', 'number'] }
const left = async () =>
  (await database.query((knex) => knex('things').orderBy('number').select('number'))).map(({ number }) =>
    Number(number),
  )

test('rows go a little at a time, and others ask in between', async () => {
  const { signal } = new AbortController()
  const sizes: number[] = []
  const deleting = deleteGradually(
    database,
    { ...things, choose: (rows) => rows.where('number', '<', 600) },
    signal,
  )
  let isOver = false
  void deleting.then(() => {
    isOver = true
  })
  while (!isOver) {
    sizes.push((await left()).length)
    await setImmediate()
  }
  expect(await deleting).toBe(600)
  expect(sizes.some((size) => size > 100 && size < 700)).toBe(true)
  expect(await left()).toEqual(Array.from({ length: 100 }, (_, index) => index + 600))
})

test('the first ones, where not all may go; by one column, where that is the key', async () => {
  const { signal } = new AbortController()
  const oldest = {
    table: 'things',
    key: ['number'],
    choose: (rows: Knex.QueryBuilder) => rows.orderBy('number'),
  }
  expect(await deleteGradually(database, { ...oldest, most: 400 }, signal)).toBe(400)
  expect((await left())[0]).toBe(400)
  expect(await deleteGradually(database, { ...oldest, most: 0 }, signal)).toBe(0)
  expect(await deleteGradually(database, { ...oldest, most: 1_000 }, signal)).toBe(300)
})

test('what another needs by then stays, and the others go', async () => {
  const { signal } = new AbortController()
  const renewed = () =>
    database.query((knex) => knex('things').where({ number: 7 }).update({ number: 1_007 }))
  const between = writeBeforeDeletion(database, 'things', renewed)
  const old = { table: 'things', choose: (rows: Knex.QueryBuilder) => rows.where('number', '<', 10) }
  expect(await deleteGradually(between, { ...old, key: ['kind', 'number'] }, signal)).toBe(9)
  expect(await left()).toContain(1_007)

  const odd = { table: 'things', choose: (rows: Knex.QueryBuilder) => rows.where('kind', 'odd') }
  const even = () => database.query((knex) => knex('things').where({ number: 11 }).update({ kind: 'even' }))
  const again = writeBeforeDeletion(database, 'things', even)
  expect(await deleteGradually(again, { ...odd, key: ['number'] }, signal)).toBe(345)
  expect(await left()).toContain(11)
})

test('whoever is told to stop deletes no more', async () => {
  const deleted = deleteGradually(database, { ...things, choose: () => undefined }, AbortSignal.abort())
  expect(await deleted).toBe(0)
  expect(await left()).toHaveLength(700)
})
