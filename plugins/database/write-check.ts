import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import type { Database } from 'mailwright'
import { locksTable } from './lease.ts'

/**
 * Of this node alone, so that nodes do not wait for each other: by its host's name, in 256 rows at most, however many containers there
 * have been.
 */
const writeCheckName = `write-check-${createHash('sha256').update(hostname()).digest('hex').slice(0, 2)}`

/** Writes one row, the same each time, that nobody holds. MAIL_E_UNAVAILABLE where that is not durable. */
export async function writeCheck(database: Database, now: number): Promise<void> {
  await database.transaction(async (knex) => {
    await knex(locksTable)
      .insert({ name: writeCheckName, owner: '', expires_at: now })
      .onConflict('name')
      .merge()
  })
}
