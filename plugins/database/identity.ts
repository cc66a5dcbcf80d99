import { randomUUID } from 'node:crypto'
import type SqliteConnection from 'better-sqlite3'
import type { Database } from 'mailwright'
import { ensureTable } from './lease.ts'
import { migrationsTable } from './migrations.ts'

const TABLE = 'mailwright_identity'

interface IdentityRow {
  /** Always the same, so that there is one row. */
  readonly name: string
  readonly id: string
}

/** The database's own random name, which its backups have too. Made where it has none. MAIL_E_UNAVAILABLE. */
export async function identityOf(database: Database): Promise<string> {
  await ensureTable(database, TABLE, (table) => {
    table.string('name', 64).primary()
    table.string('id', 64).notNullable()
  })
  return await database.query(async (knex) => {
    const find = () => knex<IdentityRow>(TABLE).where({ name: 'database' }).first('id')
    const found = await find()
    if (found !== undefined) return found.id
    await knex<IdentityRow>(TABLE).insert({ name: 'database', id: randomUUID() }).onConflict('name').ignore()
    // Another process may have been faster.
    return (await find())?.id ?? ''
  })
}

/** The same of a file that has just been opened; undefined where it has none. */
export function identityIn(connection: SqliteConnection.Database): string | undefined {
  if (!hasTable(connection, TABLE)) return undefined
  const row = connection.prepare(`select id from ${TABLE} where name = 'database'`).get()
  return (row as IdentityRow | undefined)?.id
}

/** Whether a file has tables that a version before identities has made. */
export function hasMigrationsIn(connection: SqliteConnection.Database): boolean {
  return (
    hasTable(connection, migrationsTable) &&
    connection.prepare(`select 1 from ${migrationsTable}`).get() !== undefined
  )
}

/** Whether a file is a database at all. */
export function isDatabase(connection: SqliteConnection.Database): boolean {
  try {
    hasTable(connection, TABLE)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_NOTADB') return false
    throw error
  }
}

function hasTable(connection: SqliteConnection.Database, table: string): boolean {
  const sql = "select 1 from sqlite_schema where type = 'table' and name = ?"
  return connection.prepare(sql).get(table) !== undefined
}
