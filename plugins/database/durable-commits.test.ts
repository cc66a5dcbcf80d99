import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteConnection from 'better-sqlite3'
import { createLog, systemClock } from 'mailwright'
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from 'vitest'
import { createConnection, type DatabaseConnection } from './connection.ts'
import { sqlite } from './sqlite.ts'

let folder: string
let file: string
let database: DatabaseConnection
let syncs: MockInstance<FileHandle['datasync']>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailwright-database-'))
  file = join(folder, 'test.db')
  const log = createLog('info', { write: () => undefined })
  database = createConnection(sqlite({ file, busyTimeout: 1000, clock: systemClock, log }), systemClock, log)
  await database.open()
  await database.query((knex) => knex.schema.createTable('things', (table) => void table.string('name', 50)))
  await database.query((knex) => knex.raw('pragma wal_checkpoint'))
  const handle = await open(file)
  syncs = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'datasync')
  await handle.close()
})

afterEach(async () => {
  syncs.mockRestore()
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

const insert = (name: string): Promise<unknown> => database.query((knex) => knex('things').insert({ name }))

/** Names that somebody else finds in a database's file. */
function namesIn(path: string): unknown[] {
  const connection = new SqliteConnection(path)
  try {
    return connection.prepare('select name from things order by name').pluck().all()
  } finally {
    connection.close()
  }
}

/** What is left when the log is lost: a copy of the database's file alone. */
function namesWithoutLog(): unknown[] {
  copyFileSync(file, join(folder, 'copy.db'))
  return namesIn(join(folder, 'copy.db'))
}

it.each([
  ['a row', () => insert('a'), 1],
  ['a row that answers', () => database.query((knex) => knex('things').insert({ name: 'a' }, ['name'])), 1],
  ['two queries', () => insert('a').then(() => insert('b')), 2],
  [
    'a transaction of two',
    () =>
      database.transaction(async (knex) =>
        knex('things')
          .insert({ name: 'a' })
          .then(() => knex('things').del()),
      ),
    1,
  ],
  ['a question', () => database.query((knex) => knex('things').first()), 0],
  [
    'a transaction that is given up',
    () =>
      database
        .transaction(async (knex) => {
          await knex('things').insert({ name: 'a' })
          throw new Error('no')
        })
        .catch(() => undefined),
    0,
  ],
] as const)('waits for the disk as often as something is committed: %s', async (_, ask, times) => {
  await ask()
  expect(syncs).toHaveBeenCalledTimes(times)
})

it('answers when the disk has it, and serves others meanwhile; one sync serves all who came meanwhile', async () => {
  const held = Promise.withResolvers<void>()
  syncs.mockImplementationOnce(() => held.promise)
  let answered = 0
  const many = Array.from({ length: 10 }, (_, index) => insert(`${index}`).then(() => answered++))
  const count = () => database.query((knex) => knex('things').count({ count: '*' }))
  await expect.poll(count).toEqual([{ count: 10 }])
  expect(answered).toBe(0)
  held.resolve()
  await Promise.all(many)
  expect(syncs).toHaveBeenCalledTimes(2)
})

it('says that it does not know where a sync fails, and makes everything durable before it answers again', async () => {
  syncs.mockRejectedValueOnce(Object.assign(new Error('input/output error'), { code: 'EIO' }))
  await expect(insert('a')).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  expect(namesWithoutLog()).toEqual([])
  await insert('b')
  expect(namesWithoutLog()).toEqual(['a', 'b'])
})

it('does not answer before that, also where another program still reads what was there before', async () => {
  syncs.mockRejectedValueOnce(Object.assign(new Error('input/output error'), { code: 'EIO' }))
  const reader = new SqliteConnection(file)
  reader.exec('begin; select * from things')
  await expect(insert('a')).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  await expect(insert('b')).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  reader.exec('commit')
  reader.close()
  await insert('c')
  expect(namesWithoutLog()).toEqual(['a', 'b', 'c'])
})
