import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import SqliteConnection from 'better-sqlite3'
import { type Clock, createLog, errorCode, type Log, systemClock } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createConnection, type DatabaseConnection } from './connection.ts'
import { sqlite } from './sqlite.ts'

/** Time passes only where somebody waits, and then at once. */
function hurriedClock(onWait: () => void = () => undefined): Clock {
  let time = 0
  return {
    now: () => time,
    monotonic: () => time,
    after(milliseconds, run) {
      const pending = setImmediate(() => {
        time += milliseconds
        onWait()
        run()
      })
      return { cancel: () => clearImmediate(pending) }
    },
  }
}

let folder: string
let file: string
let events: string[]
let log: Log
const open: DatabaseConnection[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwright-database-'))
  file = join(folder, 'data', 'test.db')
  events = []
  log = createLog('info', { write: (line) => void events.push(JSON.parse(line).event) })
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
  rmSync(folder, { recursive: true, force: true })
})

async function connect(clock: Clock = systemClock): Promise<DatabaseConnection> {
  const connection = createConnection(sqlite({ file, busyTimeout: 1000, clock, log }), clock, log)
  open.push(connection)
  await connection.open()
  await connection.query(async (knex) => {
    if (await knex.schema.hasTable('things')) return
    await knex.schema.createTable('things', (table) => void table.string('name', 50).primary())
  })
  return connection
}

const insert = (database: DatabaseConnection, name: string): Promise<unknown> =>
  database.query((knex) => knex('things').insert({ name }))

const names = (database: DatabaseConnection): Promise<string[]> =>
  database.query((knex) => knex('things').orderBy('name').pluck('name'))

const code = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'no error', errorCode)

describe('a database in a file', () => {
  it('makes a file for its owner only, with the settings that keep what was committed', async () => {
    const database = await connect()
    expect(database.dialect).toBe('sqlite')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)
    const pragma = (name: string): Promise<unknown> => database.query((knex) => knex.raw(`pragma ${name}`))
    expect(await pragma('journal_mode')).toEqual([{ journal_mode: 'wal' }])
    expect(await pragma('synchronous')).toEqual([{ synchronous: 1 }])
    expect(await pragma('foreign_keys')).toEqual([{ foreign_keys: 1 }])
    await insert(database, 'a')
    expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600)
  })

  it('lets transactions of one process wait for each other', async () => {
    const database = await connect()
    const tasks = Array.from({ length: 50 }, (_, index) =>
      database.transaction(async (transaction) => {
        const before = await transaction('things').select()
        await transaction('things').insert({ name: `${before.length}`.padStart(2, '0') })
        return index
      }),
    )
    await Promise.all(tasks)
    expect(await names(database)).toHaveLength(50)
  })
})

describe('trouble with the file', () => {
  it('waits for another writer, and goes on when it is done', async () => {
    let waits = 0
    const other = { end: () => undefined as unknown }
    const database = await connect(hurriedClock(() => ++waits === 5 && other.end()))
    const writer = new SqliteConnection(file)
    writer.exec('begin immediate')
    other.end = () => writer.exec('commit')
    await insert(database, 'a')
    expect(waits).toBe(5)
    expect(events).toEqual([])
    writer.close()
  })

  it('is unavailable while another writer does not end, and then recovers', async () => {
    const database = await connect(hurriedClock())
    const writer = new SqliteConnection(file)
    writer.exec('begin immediate')
    let ran = false
    const run = async (): Promise<void> => {
      ran = true
    }
    expect(await code(database.transaction(run))).toBe('MAIL_E_UNAVAILABLE')
    expect(ran).toBe(false)
    expect(await code(insert(database, 'a'))).toBe('MAIL_E_UNAVAILABLE')
    writer.exec('commit')
    await insert(database, 'a')
    expect(await names(database)).toEqual(['a'])
    expect(events).toEqual(['unavailable', 'recovered'])
    writer.close()
  })

  it('does not fail in a transaction that reads first while another process writes', async () => {
    const database = await connect()
    const writer = new SqliteConnection(file)
    await database.transaction(async (transaction) => {
      await transaction('things').select()
      writer.pragma('busy_timeout = 0')
      expect(() => writer.exec("insert into things values ('b')")).toThrow('locked')
      await transaction('things').insert({ name: 'a' })
    })
    writer.close()
  })

  it('lives as long as somebody waits, in a command that has nothing else to do', async () => {
    await connect()
    const writer = new SqliteConnection(file)
    writer.exec('begin immediate')
    const here = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href)
    const script = `
      const { createConnection } = await import(${here('./connection.ts')})
      const { sqlite } = await import(${here('./sqlite.ts')})
      const { createLog, systemClock } = await import('mailwright')
      const log = createLog('silent')
      const settings = { file: process.env.TEST_FILE, busyTimeout: 300, clock: systemClock, log }
      const database = createConnection(sqlite(settings), systemClock, log)
      await database.open()
      await database.query((knex) => knex('things').insert({ name: 'a' })).catch((error) => console.log(error.code))
      await database.close()`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=mailwright-source', '--input-type=module', '-e', script],
      { cwd: import.meta.dirname, env: { ...process.env, TEST_FILE: file } },
    )
    expect(stdout.trim()).toBe('MAIL_E_UNAVAILABLE')
    writer.close()
  })

  it('is unavailable when it is read-only, and recovers', async () => {
    const database = await connect()
    await database.query((knex) => knex.raw('pragma query_only = 1'))
    expect(await code(insert(database, 'a'))).toBe('MAIL_E_UNAVAILABLE')
    expect(await names(database)).toEqual([])
    await database.query((knex) => knex.raw('pragma query_only = 0'))
    await insert(database, 'a')
  })

  it('is unavailable when the disk is full, keeps nothing of the transaction, and recovers', async () => {
    const database = await connect()
    await insert(database, 'kept')
    const [{ page_count: pages }] = (await database.query((knex) => knex.raw('pragma page_count'))) as [
      { page_count: number },
    ]
    await database.query((knex) => knex.raw(`pragma max_page_count = ${pages + 1}`))
    const much = database.transaction(async (transaction) => {
      for (let index = 0; index < 1000; index++)
        await transaction('things').insert({ name: `row ${index}`.repeat(5) })
    })
    expect(await code(much)).toBe('MAIL_E_UNAVAILABLE')
    expect(await names(database)).toEqual(['kept'])
    await database.query((knex) => knex.raw('pragma max_page_count = 100000'))
    await database.transaction((transaction) => transaction('things').insert({ name: 'later' }))
    expect(await names(database)).toEqual(['kept', 'later'])
  })

  it('is unavailable until something is written again, whatever is read or taken back meanwhile', async () => {
    const database = await connect()
    await database.query((knex) => knex.raw('pragma query_only = 1'))
    expect(await code(insert(database, 'a'))).toBe('MAIL_E_UNAVAILABLE')
    await names(database)
    await database.query((knex) => knex.raw('pragma query_only = 0'))
    const takenBack = database.transaction(async (transaction) => {
      await transaction('things').insert({ name: 'b' })
      throw new Error('taken back')
    })
    await expect(takenBack).rejects.toThrow('taken back')
    await names(database)
    await database.transaction((transaction) => transaction('things'))
    await database.query((knex) => knex('things').where({ name: 'nobody' }).delete())
    expect(events).toEqual(['unavailable'])
    await database.transaction((transaction) => transaction('things').insert({ name: 'a' }))
    expect(events).toEqual(['unavailable', 'recovered'])
  })

  it('never writes into a file that is gone, and recovers when it is back', async () => {
    const database = await connect()
    await insert(database, 'a')
    await database.query((knex) => knex.raw('pragma wal_checkpoint(truncate)'))
    renameSync(join(folder, 'data'), join(folder, 'away'))
    expect(await code(insert(database, 'lost'))).toBe('MAIL_E_UNAVAILABLE')
    expect(await code(names(database))).toBe('MAIL_E_UNAVAILABLE')
    expect(await code(database.transaction((transaction) => transaction('things').select()))).toBe(
      'MAIL_E_UNAVAILABLE',
    )
    renameSync(join(folder, 'away'), join(folder, 'data'))
    await insert(database, 'b')
    expect(await names(database)).toEqual(['a', 'b'])
    expect(events).toEqual(['unavailable', 'recovered'])
    rmSync(join(folder, 'data'), { recursive: true })
    expect(await code(names(database))).toBe('MAIL_E_UNAVAILABLE')
  })

  it('does not go on with a connection that was left inside a transaction', async () => {
    const database = await connect()
    await database.query((knex) => knex.raw('begin immediate'))
    await insert(database, 'a')
    const other = new SqliteConnection(file, { readonly: true })
    expect(other.prepare('select name from things').pluck().all()).toEqual(['a'])
    other.close()
  })

  it('tells a query that waits for its own transaction', async () => {
    const connection = createConnection(
      sqlite({ file, busyTimeout: 0, clock: systemClock, log }),
      systemClock,
      log,
    )
    open.push(connection)
    await connection.open()
    const nested = connection.transaction(() => connection.query((knex) => knex.raw('select 1')))
    await expect(nested).rejects.toThrow('inside a transaction')
    expect(await connection.query((knex) => knex.raw('select 1 as one'))).toEqual([{ one: 1 }])
  })

  it('says at once where the file cannot be', async () => {
    await connect()
    const below = sqlite({ file: join(file, 'x.db'), busyTimeout: 1000, clock: systemClock, log })
    expect(await code(createConnection(below, systemClock, log).open())).toBe('MAIL_E_UNAVAILABLE')
    const aFolder = createConnection(
      sqlite({ file: folder, busyTimeout: 1000, clock: systemClock, log }),
      systemClock,
      log,
    )
    open.push(aFolder)
    expect(await code(aFolder.open())).toBe('MAIL_E_UNAVAILABLE')
    const noDatabase = join(folder, 'notes.txt')
    writeFileSync(noDatabase, 'Not a database, and nobody may make one of it.'.repeat(50))
    const notes = createConnection(
      sqlite({ file: noDatabase, busyTimeout: 1000, clock: systemClock, log }),
      systemClock,
      log,
    )
    open.push(notes)
    expect(await code(notes.open())).toBe('MAIL_E_START')
    expect(readFileSync(noDatabase, 'utf8')).toContain('Not a database')
  })
})
