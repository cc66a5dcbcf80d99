import type { Database } from '../../services/database.ts'

/** Of its own, so that nothing else is in it. */
export const proofTable = 'durability_proof'

/** Runs something with a new, empty table of numbered rows, and removes that. */
export async function withProofTable<T>(database: Database, run: () => Promise<T>): Promise<T> {
  const drop = (): Promise<void> => database.query((knex) => knex.schema.dropTableIfExists(proofTable))
  await drop()
  await database.query((knex) =>
    knex.schema.createTable(proofTable, (columns) => {
      columns.integer('run').notNullable()
      columns.integer('number').notNullable()
      columns.primary(['run', 'number'])
    }),
  )
  try {
    return await run()
  } finally {
    await drop()
  }
}

/** How many rows up to a number a run has left. */
export async function rowsOf(database: Database, run: number, most: number): Promise<number> {
  const rows = await database.query((knex) =>
    knex(proofTable).where({ run }).where('number', '<=', most).select('number'),
  )
  return rows.length
}
