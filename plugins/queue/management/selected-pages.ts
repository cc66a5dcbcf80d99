import type { Knex } from 'knex'
import type { Database, QueueSelection } from 'mailwright'
import type { RecipientRow } from '../tables/tables.ts'
import { recipientPortions } from './recipient-portions.ts'
import { selected } from './selection.ts'

/** Recipients that are looked at in one go: nobody waits longer for the database. */
const lookedAtOnce = 2_000
const pageSize = 500

/**
 * Numbers of the recipients whom a selection means, by pages. They are looked for without a lock, so that a search through a long queue keeps
 * nobody from writing: whoever changes them looks again, with {@link selectedAmong}.
 */
export async function* selectedPages(
  database: Database,
  selection: QueueSelection,
  now: () => number,
): AsyncGenerator<readonly number[]> {
  const settings = { atOnce: lookedAtOnce }
  const read = (knex: Knex, some: Knex.QueryBuilder): Promise<RecipientRow['number'][]> =>
    selected(knex, selection, now(), some).pluck('queue_recipients.number')
  for await (const found of recipientPortions(database, selection, settings, read)) yield* paged(found)
}

/** Those of some recipients whom a selection means now, in the order of their numbers. */
export function selectedAmong(
  knex: Knex,
  selection: QueueSelection,
  now: number,
  numbers: readonly number[],
): Knex.QueryBuilder {
  // With a limit databases do begin with these, and not with an index that has many more.
  const some = knex('queue_recipients').whereIn('number', numbers).limit(numbers.length)
  return selected(knex, selection, now, some).orderBy('queue_recipients.number').select('queue_recipients.*')
}

function* paged(numbers: readonly RecipientRow['number'][]): Generator<readonly number[]> {
  const sorted = numbers.map(Number).sort((one, other) => one - other)
  for (let from = 0; from < sorted.length; from += pageSize) yield sorted.slice(from, from + pageSize)
}
