import type { Database } from 'mailwright'
import { locksTable } from './lease.ts'

/** Writes one row, the same each time, that nobody holds. MAIL_E_UNAVAILABLE where that is not durable. */
export async function writeCheck(database: Database, now: number): Promise<void> {
  await database.transaction(async (knex) => {
    await knex(locksTable)
      .insert({ name: 'write-check', owner: '', expires_at: now })
      .onConflict('name')
      .merge()
  })
}
