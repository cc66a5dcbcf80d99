// The one place outside plugins/database that names knex, and only its types: the service is a knex instance.
import type { Knex } from 'knex'
import { type ServiceKey, serviceKey } from './key.ts'

/** One step of a plugin's tables, run once and never changed after a release. */
export interface Migration {
  /** Sortable and unique within the plugin: `0001-domains`. */
  readonly name: string
  /** Uses the schema builder only, so that it runs on every database. Must be safe to run again after a failure. */
  up(knex: Knex): Promise<void>
}

/**
 * A relational database. Code that uses it must run on every provider: no dialect's own SQL where knex has a form for
 * it, and no dependence on SQLite's or MySQL's leniency.
 */
export interface Database {
  readonly dialect: 'sqlite' | 'mysql'
  /**
   * The provider makes what was committed durable itself, before it answers: where a database leaves that to the system, as SQLite does
   * below `synchronous = FULL`.
   */
  readonly syncsCommits?: boolean
  /**
   * Runs a query. Errors that say "not now" (connection lost, locked, read-only, too slow) become
   * MAIL_E_UNAVAILABLE; a broken unique constraint becomes MAIL_E_EXISTS; others pass as they are.
   */
  query<T>(run: (knex: Knex) => Promise<T>): Promise<T>
  /** The same in a transaction: all of it is durable when the promise resolves, or nothing is. */
  transaction<T>(run: (transaction: Knex.Transaction) => Promise<T>): Promise<T>
}

export const database: ServiceKey<Database> = serviceKey(
  'database',
  'a relational database for tables of plugins',
  ['database'],
)
