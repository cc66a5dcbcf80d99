import { errorText } from '../../errors.ts'
import type { Database } from '../../services/database.ts'
import { bad, doubt, type Finding, good } from './finding.ts'
import { milliseconds, quantile } from './sync-times.ts'

type Knex = Parameters<Parameters<Database['query']>[0]>[0]

const subject = 'database'
const table = 'durability_proof'
const commits = 50

/** What a database says of how durable a commit is, and how long one takes. */
export async function checkDatabase(database: Database): Promise<readonly Finding[]> {
  try {
    const settings = await (database.dialect === 'sqlite' ? checkSqlite(database) : checkMysql(database))
    return [...settings, await timeCommits(database)]
  } catch (error) {
    return [bad(subject, `cannot be asked: ${errorText(error)}`)]
  }
}

/** The value of a setting of SQLite. */
async function pragma(knex: Knex, name: string): Promise<unknown> {
  const rows = (await knex.raw(`pragma ${name}`)) as readonly Record<string, unknown>[]
  return Object.values(rows[0] ?? {})[0]
}

// sqlite.org, PRAGMA synchronous: 2 is FULL, 3 EXTRA; below it a commit may be undone by a power cut, unless somebody syncs the log.
async function checkSqlite(database: Database): Promise<readonly Finding[]> {
  const [mode, synchronous] = await database.query(async (knex) => [
    await pragma(knex, 'journal_mode'),
    await pragma(knex, 'synchronous'),
  ])
  const said = `SQLite, journal_mode ${mode}, synchronous ${synchronous}`
  if (Number(synchronous) >= 2) return [good(subject, said)]
  if (mode === 'wal' && database.syncsCommits === true)
    return [good(subject, `${said}, and the log is synced before a write is answered`)]
  return [bad(subject, `${said}: a commit may be undone by a power cut`)]
}

// What a commit of InnoDB waits for: MariaDB and MySQL have the same names for it.
const wanted: Readonly<Record<string, string>> = {
  innodb_flush_log_at_trx_commit: '1',
  innodb_doublewrite: 'ON',
  sync_binlog: '1',
}

async function checkMysql(database: Database): Promise<readonly Finding[]> {
  const values = await database.query((knex) => variables(knex))
  const isLogging = values.get('log_bin') === 'ON'
  return Object.entries(wanted).flatMap(([name, value]) => {
    const is = values.get(name)
    if (is === undefined || (name === 'sync_binlog' && !isLogging)) return []
    if (is === value || (value === 'ON' && is === '1')) return [good(subject, `${name} is ${is}`)]
    const text = `${name} is ${is}, and ${value} is safe: a commit may be undone by a power cut`
    return [name === 'innodb_flush_log_at_trx_commit' ? bad(subject, text) : doubt(subject, text)]
  })
}

async function variables(knex: Knex): Promise<ReadonlyMap<string, string>> {
  const names = [...Object.keys(wanted), 'log_bin'].map((name) => `'${name}'`).join(', ')
  const [rows] = (await knex.raw(`show global variables where variable_name in (${names})`)) as readonly [
    readonly { readonly Variable_name: string; readonly Value: string }[],
  ]
  return new Map(rows.map(({ Variable_name: name, Value: value }) => [name.toLowerCase(), value]))
}

/** Commits rows of a table of its own, one after the other, reads them again, and removes the table. */
async function timeCommits(database: Database): Promise<Finding> {
  await database.query((knex) => knex.schema.dropTableIfExists(table))
  await database.query((knex) =>
    knex.schema.createTable(table, (columns) => {
      columns.integer('number').primary()
    }),
  )
  try {
    const taken: number[] = []
    for (let number = 0; number < commits; number++) {
      const from = performance.now()
      await database.transaction(async (knex) => {
        await knex(table).insert({ number })
      })
      taken.push(performance.now() - from)
    }
    const rows = await database.query((knex) => knex(table).select('number'))
    taken.sort((a, b) => a - b)
    const said = `a commit takes ${milliseconds(quantile(taken, 0.5))}`
    return rows.length === commits
      ? good(subject, said)
      : bad(subject, `${commits} rows were committed, ${rows.length} are there`)
  } finally {
    await database.query((knex) => knex.schema.dropTableIfExists(table))
  }
}
