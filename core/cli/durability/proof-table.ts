import { randomBytes } from 'node:crypto'
import type { Database } from '../../services/database.ts'
import { isLeftOver } from './left-over.ts'

// When it was made is in its name, so that others can tell what is left of a run that has died.
const form = /^durability_proof_(\d+)_[0-9a-f]+$/

/** Runs something with a new, empty table of numbered rows, which no other run has, and removes that. */
export async function withProofTable<T>(database: Database, run: (table: string) => Promise<T>): Promise<T> {
  const table = `durability_proof_${Date.now()}_${randomBytes(4).toString('hex')}`
  const drop = (name: string): Promise<void> => database.query((knex) => knex.schema.dropTableIfExists(name))
  for (const name of await proofTables(database))
    if (isLeftOver(Number(form.exec(name)?.[1]))) await drop(name)
  await database.query((knex) =>
    knex.schema.createTable(table, (columns) => {
      columns.integer('run').notNullable()
      columns.integer('number').notNullable()
      columns.primary(['run', 'number'])
    }),
  )
  try {
    return await run(table)
  } finally {
    await drop(table)
  }
}

async function proofTables(database: Database): Promise<readonly string[]> {
  const rows = await database.query<readonly { readonly name: string }[]>((knex) =>
    database.dialect === 'sqlite'
      ? knex('sqlite_master').where({ type: 'table' }).select('name')
      : knex('information_schema.tables')
          .where('table_schema', knex.raw('database()'))
          .select({ name: 'table_name' }),
  )
  return rows.map(({ name }) => name).filter((name) => form.test(name))
}

/** How many rows up to a number a run has left. */
export async function rowsOf(
  database: Database,
  table: string,
  { run, most }: { readonly run: number; readonly most: number },
): Promise<number> {
  const rows = await database.query((knex) =>
    knex(table).where({ run }).where('number', '<=', most).select('number'),
  )
  return rows.length
}
