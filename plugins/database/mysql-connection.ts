import { promisify } from 'node:util'
import type { Connection, ConnectionOptions } from 'mysql2'
import type { Opened } from './hosts.ts'

/** The driver, which knex loads where it is needed. */
export interface Driver {
  createConnection(options: ConnectionOptions): Connection
}

/** What is set in every session. Milliseconds. */
export interface SessionSettings {
  /** After which the server itself stops a statement. */
  readonly statementTimeout: number
  /** To wait for rows and tables that others have locked. */
  readonly lockTimeout: number
}

// Strict, whatever the server's own is; and without NO_BACKSLASH_ESCAPES and ANSI_QUOTES, in which the driver's
// escaping of values would not be one.
const sqlMode = [
  'STRICT_ALL_TABLES',
  'NO_ENGINE_SUBSTITUTION',
  'ONLY_FULL_GROUP_BY',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'NO_ZERO_DATE',
  'NO_ZERO_IN_DATE',
].join(',')

/** Connection options that are the same for every server. */
export const driverOptions: ConnectionOptions = {
  charset: 'UTF8MB4_BIN',
  timezone: 'Z',
  supportBigNumbers: true,
  multipleStatements: false,
  // An object among the values is a text, never a piece of SQL.
  stringifyObjects: true,
  // No server may ask for files of this machine.
  flags: ['-LOCAL_FILES'],
  enableKeepAlive: true,
  keepAliveInitialDelay: 10_000,
  // The time for all of it is measured by who calls.
  connectTimeout: 0,
}

const versions = new WeakMap<Connection, string>()

/** What the server of a session says of its version, such as `10.11.6-MariaDB`. */
export function versionOf(connection: Connection): string {
  return versions.get(connection) ?? ''
}

/** Connects, and makes the session ready. What fails, fails with the driver's error. */
export async function connectSession(
  connection: Connection,
  settings: SessionSettings,
): Promise<Opened<Connection>> {
  await promisify<void>((done) => connection.connect((error) => done(error)))()
  const [facts] = await ask(
    connection,
    'select @@version as version, @@read_only as readOnly, @@innodb_read_only as engineReadOnly',
  )
  const version = String(facts?.version)
  versions.set(connection, version)
  await ask(connection, sessionStatement(settings, isMariadb(version)))
  // Each statement sees what is committed: what a lock was waited for is then seen, too.
  await ask(connection, 'set session transaction isolation level read committed')
  return { connection, isReadOnly: isSet(facts?.readOnly) || isSet(facts?.engineReadOnly) }
}

export function isMariadb(version: string): boolean {
  return /mariadb/i.test(version)
}

function sessionStatement({ statementTimeout, lockTimeout }: SessionSettings, onMariadb: boolean): string {
  const lockSeconds = Math.max(1, Math.floor(lockTimeout / 1000))
  const variables = [
    `sql_mode = '${sqlMode}'`,
    `time_zone = '+00:00'`,
    `default_storage_engine = 'InnoDB'`,
    `innodb_lock_wait_timeout = ${lockSeconds}`,
    `lock_wait_timeout = ${lockSeconds}`,
    // So that a statement that nobody waits for any more does not go on. MySQL can do that for SELECT only.
    onMariadb
      ? `max_statement_time = ${statementTimeout / 1000}`
      : `max_execution_time = ${Math.round(statementTimeout)}`,
  ]
  return `set session ${variables.join(', ')}`
}

type Row = Readonly<Record<string, unknown>>

function ask(connection: Connection, sql: string): Promise<readonly Row[]> {
  return promisify<readonly Row[]>((done) =>
    connection.query(sql, (error, rows) => done(error, rows as readonly Row[])),
  )()
}

function isSet(value: unknown): boolean {
  return value === 1 || value === 'ON' || value === '1'
}
