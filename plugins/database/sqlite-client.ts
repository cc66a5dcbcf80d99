import { createRequire } from 'node:module'
import type SqliteConnection from 'better-sqlite3'
import type { Knex } from 'knex'
import { type Clock, wait } from 'mailwright'
import { isBusy } from './failure.ts'

interface Statement {
  sql: string
  /** Of a statement that was run and is not one that asks. */
  readonly context?: { readonly changes: number }
}

/** The methods of knex's client that are made anew here; knex's own types leave one of them out. */
interface BaseClient {
  acquireRawConnection(): Promise<SqliteConnection.Database>
  destroyRawConnection(connection: SqliteConnection.Database): Promise<void>
  _query(connection: SqliteConnection.Database, statement: Statement): Promise<Statement>
}

export interface ClientSettings {
  readonly clock: Clock
  /** Milliseconds. */
  readonly busyTimeout: number
  /** A connection with everything set, or an error of the driver. */
  readonly open: () => SqliteConnection.Database
  /** Something was committed: it is written, and durable with the next sync of the log. It may have changed no row. */
  readonly onCommit: (connection: SqliteConnection.Database, hasChanged: boolean) => void
  readonly onClose: (connection: SqliteConnection.Database) => Promise<void>
}

// Knex has its clients as modules without types of their own.
const Base = createRequire(import.meta.url)('knex/lib/dialects/better-sqlite3/index.js') as new (
  config: Knex.Config,
) => BaseClient

const FIRST_PAUSE = 5
const LONGEST_PAUSE = 100

/**
 * Knex's client for better-sqlite3 with three differences. A statement that meets another process's lock is tried again
 * until `busyTimeout` is over, while the process serves others. And transactions take the write lock when they begin:
 * one that reads first and takes it later fails at once, whatever the timeout, where another process wrote in between.
 * And it tells of commits.
 */
export function createSqliteClient(settings: ClientSettings): typeof Knex.Client {
  const { clock, busyTimeout, open, onCommit, onClose } = settings

  async function unlessBusy<T>(attempt: () => T | Promise<T>): Promise<T> {
    const deadline = clock.monotonic() + busyTimeout
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await attempt()
      } catch (error) {
        const left = deadline - clock.monotonic()
        if (!isBusy(error) || left <= 0) throw error
        await wait(clock, Math.min(pause, left))
      }
    }
  }

  /** Those whose transaction has changed rows. */
  const changed = new WeakSet<SqliteConnection.Database>()

  class SqliteClient extends Base {
    override acquireRawConnection(): Promise<SqliteConnection.Database> {
      return unlessBusy(open)
    }

    override async destroyRawConnection(connection: SqliteConnection.Database): Promise<void> {
      await onClose(connection)
      await super.destroyRawConnection(connection)
    }

    override async _query(connection: SqliteConnection.Database, statement: Statement): Promise<Statement> {
      if (statement.sql === 'BEGIN;') statement.sql = 'BEGIN IMMEDIATE;'
      const answer = await unlessBusy(() => super._query(connection, statement))
      if ((answer.context?.changes ?? 0) > 0) changed.add(connection)
      if (isCommit(connection, statement)) onCommit(connection, changed.has(connection))
      if (!connection.inTransaction) changed.delete(connection)
      return answer
    }
  }
  return SqliteClient as unknown as typeof Knex.Client
}

/** Whether a statement that was run has ended a transaction that may have changed something: its own, or one of several. */
function isCommit(connection: SqliteConnection.Database, { sql }: Statement): boolean {
  if (sql === 'COMMIT;') return true
  return !connection.inTransaction && sql !== 'ROLLBACK;' && !connection.prepare(sql).readonly
}
