import { closeSync, existsSync, fsyncSync, openSync, type Stats, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import SqliteConnection from 'better-sqlite3'
import knexPackage, { type Knex } from 'knex'
import type { Clock, Log } from 'mailwright'
import type { Dialect } from './dialect.ts'
import { DurableCommits } from './durable-commits.ts'
import { quiet } from './quiet.ts'
import { createSqliteClient } from './sqlite-client.ts'

export interface SqliteSettings {
  /** Absolute. */
  readonly file: string
  /** Milliseconds. */
  readonly busyTimeout: number
  readonly clock: Clock
  readonly log: Log
}

// better-sqlite3 waits in the thread that answers everybody else, so SQLite itself waits next to nothing; the client
// tries again without holding anybody up.
const BLOCKING_MILLISECONDS = 10

/** One file, opened by this process with one connection. */
export function sqlite(settings: SqliteSettings): Dialect {
  const { file, busyTimeout, clock, log } = settings
  const files = new WeakMap<SqliteConnection.Database, Stats>()
  const commits = new DurableCommits(file)

  const open = (): SqliteConnection.Database => {
    // A file that vanished is not made anew: an empty database would answer that nobody has an address here.
    const connection = existsSync(file)
      ? new SqliteConnection(file, { timeout: BLOCKING_MILLISECONDS })
      : missing(file)
    try {
      configure(connection, commits)
      keepStatements(connection)
      files.set(connection, statSync(file))
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }
  const isUsable = (connection: SqliteConnection.Database): boolean =>
    connection.open && !connection.inTransaction && isSameFile(files.get(connection), file)

  return {
    name: 'sqlite',
    location: file,
    isRemote: false,
    prepare: () => makeFile(file),
    connect: (): Knex =>
      knexPackage({
        client: createSqliteClient({
          clock,
          busyTimeout,
          open,
          onCommit: (connection) => commits.note(connection),
          onClose: (connection) => commits.close(connection),
        }),
        connection: { filename: file },
        useNullAsDefault: true,
        // One connection: SQLite has one writer at a time anyway, a second reader gains nothing in a driver that
        // blocks, and a transaction can then never meet another one of this process.
        pool: { min: 1, max: 1, validate: isUsable },
        acquireConnectionTimeout: Math.max(busyTimeout, 100),
        // Values do not belong into error messages: a password's hash may be one.
        compileSqlOnError: false,
        log: quiet(log),
      }),
    durably: (run) => commits.durably(run),
  }
}

function configure(connection: SqliteConnection.Database, commits: DurableCommits): void {
  const hasLog = connection.pragma('journal_mode = WAL', { simple: true }) === 'wal'
  // SQLite would sync the log in the thread that serves; DurableCommits does it beside it. Where there can be none, as on file
  // systems without shared memory, SQLite has to do all.
  connection.pragma(`synchronous = ${hasLog ? 'NORMAL' : 'FULL'}`)
  if (hasLog) commits.watch(connection)
  connection.pragma('foreign_keys = ON')
  connection.pragma('trusted_schema = OFF')
}

const keptStatements = 300

/**
 * Knex prepares each query anew, which takes about as long as many of them run. SQLite itself prepares a statement again where a
 * table has changed.
 */
function keepStatements(connection: SqliteConnection.Database): void {
  const prepare = connection.prepare.bind(connection)
  const kept = new Map<string, SqliteConnection.Statement>()
  const keeping = (sql: string): SqliteConnection.Statement => {
    const statement = kept.get(sql) ?? prepare(sql)
    kept.delete(sql)
    kept.set(sql, statement)
    if (kept.size > keptStatements) kept.delete(kept.keys().next().value ?? '')
    return statement
  }
  connection.prepare = keeping as SqliteConnection.Database['prepare']
}

/** What is written to a file that was deleted or replaced would be lost without any error from SQLite. */
function isSameFile(opened: Stats | undefined, file: string): boolean {
  const now = statSync(file, { throwIfNoEntry: false })
  return opened !== undefined && now !== undefined && now.ino === opened.ino && now.dev === opened.dev
}

function missing(file: string): never {
  throw Object.assign(new Error(`there is no file ${file}`), { code: 'SQLITE_CANTOPEN' })
}

async function makeFile(file: string): Promise<void> {
  const folder = dirname(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (existsSync(file)) return
  closeSync(openSync(file, 'a', 0o600))
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
