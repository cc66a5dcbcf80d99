import { errorText } from '../../errors.ts'
import type { Database } from '../../services/database.ts'
import { checkCommitKills } from './commit-kill-check.ts'
import { bad, doubt, type Finding, good } from './finding.ts'
import { rowsOf, withProofTable } from './proof-table.ts'
import { milliseconds, quantile } from './sync-times.ts'

type Knex = Parameters<Parameters<Database['query']>[0]>[0]

const subject = 'database'
const commits = 50
const kills = 5

/** What the database of a config says of how durable a commit is, how long one takes, and what is left of one after a kill. */
export async function checkDatabase(
  database: Database,
  configFile: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  try {
    const settings = await (database.dialect === 'sqlite' ? checkSqlite(database) : checkMysql(database))
    const tried = await withProofTable(database, async (table) => [
      await timeCommits(database, table, signal),
      await checkCommitKills(database, { configFile, table, kills, signal }),
    ])
    return [...settings, ...tried]
  } catch (error) {
    signal.throwIfAborted()
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
  const settings = Object.entries(wanted).flatMap(([name, value]) => {
    const is = values.get(name)
    if (is === undefined || (name === 'sync_binlog' && !isLogging)) return []
    if (is === value || (value === 'ON' && is === '1')) return [good(subject, `${name} is ${is}`)]
    const text = `${name} is ${is}, and ${value} is safe: a commit may be undone by a power cut`
    return [name === 'innodb_flush_log_at_trx_commit' ? bad(subject, text) : doubt(subject, text)]
  })
  return [...settings, diskOf(values.get('datadir'))]
}

/** The server may be on another machine, and its files are open to nobody else. */
function diskOf(folder: string | undefined): Finding {
  const where = folder === undefined ? 'with the folder of its files' : folder
  const text = `is not examined from here: run \`mailwright prove-durability ${where}\` as root on the server's machine`
  return doubt(`${subject}, disk`, text)
}

async function variables(knex: Knex): Promise<ReadonlyMap<string, string>> {
  const names = [...Object.keys(wanted), 'log_bin', 'datadir'].map((name) => `'${name}'`).join(', ')
  const [rows] = (await knex.raw(`show global variables where variable_name in (${names})`)) as readonly [
    readonly { readonly Variable_name: string; readonly Value: string }[],
  ]
  return new Map(rows.map(({ Variable_name: name, Value: value }) => [name.toLowerCase(), value]))
}

/** Commits rows one after the other, and reads them again. */
async function timeCommits(database: Database, table: string, signal: AbortSignal): Promise<Finding> {
  const taken: number[] = []
  for (let number = 1; number <= commits; number++) {
    signal.throwIfAborted()
    const from = performance.now()
    await database.transaction(async (knex) => {
      await knex(table).insert({ run: 0, number })
    })
    taken.push(performance.now() - from)
  }
  const rows = await rowsOf(database, table, { run: 0, most: commits })
  taken.sort((a, b) => a - b)
  return rows === commits
    ? good(subject, `a commit takes ${milliseconds(quantile(taken, 0.5))}`)
    : bad(subject, `${commits} rows were committed, ${rows} are there`)
}
