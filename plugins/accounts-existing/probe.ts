import type { Knex } from 'knex'
import { type Database, errorCode } from 'mailwright'
import { databaseText } from './failure.ts'

/** What a query gave, or what the database has against it. */
export type Probe<T> = { readonly value: T } | { readonly problem: string }

/** Tries a query out. MAIL_E_UNAVAILABLE where the database does not answer at all. */
export async function probe<T>(database: Database, query: (knex: Knex) => PromiseLike<T>): Promise<Probe<T>> {
  try {
    return { value: await database.query(async (knex) => await query(knex)) }
  } catch (error) {
    if (errorCode(error) !== undefined) throw error
    return { problem: databaseText(error) }
  }
}
