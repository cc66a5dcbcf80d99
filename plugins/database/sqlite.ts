import type SqliteConnection from 'better-sqlite3'
import knexPackage, { type Knex } from 'knex'
import type { Clock, Log } from 'mailwright'
import type { Dialect } from './dialect.ts'
import { DurableCommits } from './durable-commits.ts'
import { identityOf } from './identity.ts'
import { quiet } from './quiet.ts'
import { createSqliteClient } from './sqlite-client.ts'
import { SqliteFile } from './sqlite-file.ts'

export interface SqliteSettings {
  /** Absolute. */
  readonly file: string
  /** Whether the file may be made where there has been none. `true` */
  readonly create?: boolean
  /** Milliseconds. */
  readonly busyTimeout: number
  readonly clock: Clock
  readonly log: Log
}

/** One file, opened by this process with one connection. */
export function sqlite(settings: SqliteSettings): Dialect {
  const { file: path, create = true, busyTimeout, clock, log } = settings
  const file = new SqliteFile({ file: path, create })
  const commits = new DurableCommits(path)

  const open = (): SqliteConnection.Database => {
    const connection = file.open()
    try {
      configure(connection, commits)
      keepStatements(connection)
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }
  const isUsable = (connection: SqliteConnection.Database): boolean =>
    connection.open && !connection.inTransaction && file.isStill(connection)

  return {
    name: 'sqlite',
    location: path,
    isRemote: false,
    prepare: () => file.prepare(),
    connect: (): Knex =>
      knexPackage({
        client: createSqliteClient({
          clock,
          busyTimeout,
          open,
          onCommit: (connection, hasChanged) => commits.note(connection, hasChanged),
          onClose: (connection) => commits.close(connection),
        }),
        connection: { filename: path },
        useNullAsDefault: true,
        // One connection: SQLite has one writer at a time anyway, a second reader gains nothing in a driver that
        // blocks, and a transaction can then never meet another one of this process.
        pool: { min: 1, max: 1, validate: isUsable },
        acquireConnectionTimeout: Math.max(busyTimeout, 100),
        // Values do not belong into error messages: a password's hash may be one.
        compileSqlOnError: false,
        log: quiet(log),
      }),
    durably: (run, onChange) => commits.durably(run, onChange),
    identify: async (database) => file.keep(await identityOf(database)),
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
