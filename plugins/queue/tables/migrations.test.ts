import { afterEach, beforeEach, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { type OpenDatabase, openDatabase } from '../../../test/support/queue/queue-database.ts'
import { queueMigrations } from './migrations.ts'

let base: DatabaseUnderTest
let opened: OpenDatabase

beforeEach(async () => {
  base = await databaseUnderTest()
  opened = await openDatabase(base, queueMigrations)
})

afterEach(async () => {
  await opened.close()
  await base[Symbol.asyncDispose]()
})

it.each([
  ['queue_recipients', ['tried_by']],
  ['queue_recipients', ['destination', 'due']],
  ['queue_reports', ['due']],
])('an index that a process did not come to is made by the next: of %s, %j', async (table, columns) => {
  // Fails where there is none.
  const drop = () =>
    opened.service.query((knex) => knex.schema.alterTable(table, (made) => made.dropIndex(columns)))
  await drop()
  for (let times = 0; times < 2; times++)
    await opened.service.transaction(async (knex) => {
      for (const { up } of queueMigrations) await up(knex)
    })
  await drop()
})
