import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { Knex } from 'knex'
import { type Clock, UnavailableError } from 'mailwright'
import type { Connection } from 'mysql2'
import { withinTime } from './deadline.ts'
import type { Hosts } from './hosts.ts'
import { isMariadb, versionOf } from './mysql-connection.ts'
import { endsTransaction, isReadOnlyError } from './mysql-errors.ts'
import type { MysqlHost } from './options.ts'

interface Statement {
  readonly sql: string
}

/** What knex notes on a connection. */
type KnexConnection = Connection & {
  /** The transaction that has it. */
  readonly __knexTxId?: string
  /** Why it must not be used again. */
  __knex__disposed?: unknown
}

/** The methods of knex's client that are made anew here; knex's own types leave some of them out. */
interface BaseClient {
  readonly pool: { numPendingAcquires(): number }
  /** Such as `10.11.6`. */
  version: string | null
  isMariaDB: boolean
  /** What tables are made with. */
  readonly connectionSettings: { charset?: string; collate?: string }
  acquireConnection(): Promise<Connection>
  acquireRawConnection(): Promise<Connection>
  destroyRawConnection(connection: Connection): Promise<void>
  validateConnection(connection: Connection): boolean
  _query(connection: Connection, statement: Statement): Promise<Statement>
}

export interface ClientSettings {
  readonly clock: Clock
  /** Milliseconds for one statement. */
  readonly queryTimeout: number
  /** Calls that may wait for a connection. */
  readonly maxWaiting: number
  readonly hosts: Hosts<MysqlHost, Connection>
}

// Knex has its clients as modules without types of their own.
const Base = createRequire(import.meta.url)('knex/lib/dialects/mysql2/index.js') as new (
  config: Knex.Config,
) => BaseClient

// For a server to take its leave; it may be what hangs.
const GOODBYE_MILLISECONDS = 1000

/**
 * Knex's client for mysql2 with these differences: connections come from several servers; a statement has a time, after
 * which its connection is cut; the line of those who wait for a connection is bounded; and a transaction that the
 * server has undone is never gone on with.
 */
export function createMysqlClient(settings: ClientSettings): typeof Knex.Client {
  const { clock, queryTimeout, maxWaiting, hosts } = settings
  const undone = new WeakMap<Connection, unknown>()

  /** After the server has undone a transaction, further statements would each be one of their own, and stay. */
  function refuseUndone(connection: Connection, sql: string): void {
    if (/^(BEGIN|ROLLBACK);?$/.test(sql)) undone.delete(connection)
    const cause = undone.get(connection)
    if (cause !== undefined) throw new UnavailableError('the database has undone the transaction', { cause })
  }

  function note(connection: KnexConnection, error: unknown): void {
    if (connection.__knexTxId !== undefined && endsTransaction(error)) undone.set(connection, error)
    if (!isReadOnlyError(error)) return
    hosts.noteReadOnly(connection)
    connection.__knex__disposed = error
  }

  class MysqlClient extends Base {
    override acquireConnection(): Promise<Connection> {
      if (this.pool.numPendingAcquires() < maxWaiting) return super.acquireConnection()
      return Promise.reject(new UnavailableError(`${maxWaiting} calls wait for the database already`))
    }

    override async acquireRawConnection(): Promise<Connection> {
      const connection = await hosts.connect()
      // Knex would ask for the version once more, and keep the question for ever where no answer comes.
      const version = versionOf(connection)
      this.version = /\d+\.\d+\.\d+/.exec(version)?.[0] ?? null
      this.isMariaDB = isMariadb(version)
      // For the tables that are made: different characters are different ones, and final spaces count.
      this.connectionSettings.charset = 'utf8mb4'
      this.connectionSettings.collate = this.isMariaDB ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'
      return connection
    }

    override validateConnection(connection: Connection): boolean {
      return super.validateConnection(connection) && hosts.isCurrent(connection)
    }

    override async _query(connection: Connection, statement: Statement): Promise<Statement> {
      refuseUndone(connection, statement.sql)
      try {
        return await withinTime(clock, queryTimeout, {
          work: super._query(connection, statement),
          giveUp: () => cut(connection),
          what: 'a statement',
        })
      } catch (error) {
        note(connection, error)
        throw error
      }
    }

    override async destroyRawConnection(connection: Connection): Promise<void> {
      await takeLeave(clock, connection)
    }
  }
  return MysqlClient as unknown as typeof Knex.Client
}

/** Ends a connection as the protocol wants it, where the server still listens. */
async function takeLeave(clock: Clock, connection: Connection): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.after(GOODBYE_MILLISECONDS, resolve)
  connection.end(() => resolve())
  await promise
  timer.cancel()
  cut(connection)
}

/** Ends a connection at once. The driver's own `destroy` waits for the other side. */
export function cut(connection: Connection): void {
  connection.destroy()
  const { stream } = connection as unknown as { readonly stream: Socket }
  stream.destroy()
}
