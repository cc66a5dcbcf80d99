import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteConnection from 'better-sqlite3'
import type { Knex } from 'knex'
import { createLog, errorCode, errorText, systemClock } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createConnection, type DatabaseConnection } from './connection.ts'
import { migrate } from './migrations.ts'
import { sqlite } from './sqlite.ts'

let folder: string
let file: string
let mark: string
let lines: { event: string; error?: string }[]
const open: DatabaseConnection[] = []
const suffixes = ['', '-wal', '-shm']
const log = createLog('warn', { write: (line) => void lines.push(JSON.parse(line)) })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwright-database-'))
  file = join(folder, 'mail.db')
  mark = join(folder, '.mail.db.made')
  lines = []
})

afterEach(async () => {
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

const stop = (): Promise<unknown> => Promise.all(open.splice(0).map((each) => each.close()))

const contributed = [
  {
    plugin: 'p',
    migrations: [
      {
        name: '0001-things',
        up: (knex: Knex) => knex.schema.createTable('things', (table) => void table.string('name', 50)),
      },
    ],
  },
]

it('does not make what it cannot see', async () => {
  symlinkSync(file, file)
  const text = await start().catch(errorText)
  expect(text).toMatch(/^the database \S+ cannot be opened: ELOOP/)
})

/** As a process does that starts. */
async function start(path = file, create = true): Promise<DatabaseConnection> {
  const dialect = sqlite({ file: path, create, busyTimeout: 1000, clock: systemClock, log })
  const connection = createConnection(dialect, systemClock, log)
  open.push(connection)
  await connection.open()
  await migrate(connection, contributed, { clock: systemClock, log })
  await connection.identify()
  return connection
}

const insert = (database: DatabaseConnection, name: string): Promise<unknown> =>
  database.query((knex) => knex('things').insert({ name }))
const names = (database: DatabaseConnection): Promise<string[]> =>
  database.query((knex) => knex('things').orderBy('name').pluck('name'))
const code = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'no error', errorCode)
const text = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'no error', errorText)
const told = (): readonly string[] => lines.map(({ event }) => event)

/** What somebody may put where the database was. */
const impostors: readonly (readonly [string, () => Promise<void> | void])[] = [
  ['an empty file', () => writeFileSync(file, '')],
  ['a file that is no database', () => writeFileSync(file, 'notes '.repeat(500))],
  [
    'an empty database',
    () => void new SqliteConnection(file).exec('create table x (y); drop table x').close(),
  ],
  [
    'a database of ours',
    async () => {
      const other = join(folder, 'other.db')
      await (await start(other)).close()
      renameSync(other, file)
    },
  ],
]

describe('the file of a database', () => {
  it('is made once, and then not by any process', async () => {
    await insert(await start(), 'a')
    await stop()
    renameSync(file, join(folder, 'away.db'))
    expect(await text(start())).toBe(
      `there is no file ${file} any more; put the database back (or, to begin with an empty one, stop everything and remove ${mark} too)`,
    )
    expect(await code(start())).toBe('MAIL_E_UNAVAILABLE')
    expect(existsSync(file)).toBe(false)
    renameSync(join(folder, 'away.db'), file)
    expect(await names(await start())).toEqual(['a'])
    await stop()
    expect(readFileSync(mark, 'utf8')).toMatch(
      /^The database mail\.db was made here, .* remove this file too\.\n$/,
    )
    rmSync(file)
    rmSync(mark)
    expect(await names(await start())).toEqual([])
  })

  it('is not made where the config does not want it', async () => {
    expect(await code(start(file, false))).toBe('MAIL_E_START')
    expect(await text(start(file, false))).toBe(`there is no file ${file} (the option \`create\` makes it)`)
    expect(existsSync(file)).toBe(false)
    await start()
    await stop()
    expect(await names(await start(file, false))).toEqual([])
  })

  it.each(impostors.slice(0, 3))('is not made of %s at a start', async (_, put) => {
    await start()
    await stop()
    rmSync(file)
    await put()
    const before = readFileSync(file)
    expect(await code(start())).toMatch(/^MAIL_E_(UNAVAILABLE|START)$/)
    expect(readFileSync(file)).toEqual(before)
  })

  it('gets an identity where it is older than identities', async () => {
    const database = await start()
    const before = identity()
    await database.query((knex) => knex.schema.dropTable('mailwright_identity'))
    await stop()
    await start()
    expect(identity()).toMatch(/^[0-9a-f-]{36}$/)
    expect(identity()).not.toBe(before)
  })

  it('may be another database of ours at a start', async () => {
    await start()
    await insert(await start(join(folder, 'other.db')), 'of the other')
    await stop()
    renameSync(join(folder, 'other.db'), file)
    expect(await names(await start())).toEqual(['of the other'])
  })
})

/** What the file itself has. */
function identity(): unknown {
  const connection = new SqliteConnection(file)
  try {
    return connection.prepare('select id from mailwright_identity').pluck().get()
  } finally {
    connection.close()
  }
}

describe('a process that has used a database', () => {
  /** With what was committed and is not in the file itself yet. */
  function takeAway(): () => void {
    for (const suffix of suffixes) renameSync(`${file}${suffix}`, join(folder, `away.db${suffix}`))
    return () => {
      for (const suffix of suffixes) {
        rmSync(`${file}${suffix}`, { force: true })
        renameSync(join(folder, `away.db${suffix}`), `${file}${suffix}`)
      }
    }
  }

  it.each(impostors)('does not take %s for it, says so once, and goes on when it is back', async (_, put) => {
    const database = await start()
    await insert(database, 'a')
    const bringBack = takeAway()
    expect(await code(names(database))).toBe('MAIL_E_UNAVAILABLE')
    await put()
    for (let times = 0; times < 3; times++) {
      expect(await code(names(database))).toBe('MAIL_E_UNAVAILABLE')
      expect(await code(insert(database, 'lost'))).toBe('MAIL_E_UNAVAILABLE')
      expect(await code(database.transaction((knex) => knex('things')))).toBe('MAIL_E_UNAVAILABLE')
    }
    expect(told()).toEqual(['unavailable', 'unavailable'])
    expect(lines[1]?.error).toMatch(/is empty|is not the database that was there/)
    bringBack()
    expect(await names(database)).toEqual(['a'])
    expect(told()).toEqual(['unavailable', 'unavailable', 'recovered'])
  })

  it('does not lose to an empty file what was not in the moved one yet', async () => {
    const database = await start()
    await insert(database, 'a')
    renameSync(file, join(folder, 'away.db'))
    writeFileSync(file, '')
    expect(await code(names(database))).toBe('MAIL_E_UNAVAILABLE')
    expect(await code(start())).toBe('MAIL_E_UNAVAILABLE')
    renameSync(join(folder, 'away.db'), file)
    expect(await names(database)).toEqual(['a'])
  })

  it('takes its backup', async () => {
    const database = await start()
    await insert(database, 'a')
    const backup = join(folder, 'backup.db')
    new SqliteConnection(file).exec(`vacuum into '${backup}'`).close()
    await insert(database, 'b')
    for (const suffix of suffixes) rmSync(`${file}${suffix}`)
    renameSync(backup, file)
    expect(await names(database)).toEqual(['a'])
    await insert(database, 'c')
    expect(await names(database)).toEqual(['a', 'c'])
  })

  it('is not told of a recovery by calls that ask nothing', async () => {
    const database = await start()
    renameSync(file, join(folder, 'away.db'))
    for (let times = 0; times < 3; times++) {
      expect(await code(names(database))).toBe('MAIL_E_UNAVAILABLE')
      await database.query(async () => 'nothing')
    }
    expect(told()).toEqual(['unavailable'])
    renameSync(join(folder, 'away.db'), file)
    await names(database)
    expect(told()).toEqual(['unavailable', 'recovered'])
  })
})
