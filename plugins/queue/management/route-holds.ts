import type { Knex } from 'knex'
import { type LastAttempt, readLast } from '../tables/queued.ts'
import { never, type RecipientRow } from '../tables/tables.ts'

/** A recipient who is held by what came of an attempt, such as a route that holds, and not by the postmaster. */
export interface RouteHold {
  readonly number: number
  readonly message: number
  readonly last: LastAttempt
}

type HoldRow = Pick<RecipientRow, 'number' | 'message' | 'last'>

const rowsAtOnce = 500

/** Those of some messages. To be asked before the messages are held as a whole. */
export async function routeHolds(knex: Knex, messages: readonly number[]): Promise<readonly RouteHold[]> {
  const rows: HoldRow[] = await knex('queue_recipients')
    .join('queue_messages', 'queue_messages.number', 'queue_recipients.message')
    .whereIn('queue_recipients.message', messages)
    .where({ due: never, deadline: never })
    .whereNull('held_at')
    .select('queue_recipients.number', 'message', 'last')
  return rows.flatMap((row) => {
    const last = readLast(row.last)
    // The time of what was damaged is not known.
    if (last === undefined || last.at === 0) return []
    return { number: Number(row.number), message: Number(row.message), last }
  })
}

/** When each message began to be held. */
export function heldSince(holds: readonly RouteHold[]): ReadonlyMap<number, number> {
  const since = new Map<number, number>()
  for (const { message, last } of holds)
    since.set(message, Math.min(last.at, since.get(message) ?? Number.POSITIVE_INFINITY))
  return since
}

/** What was held before attempts said so is known as such, too, by whoever tries it after its release. */
export async function markRouteHolds(knex: Knex, holds: readonly RouteHold[]): Promise<void> {
  const unmarked = holds.filter(({ last }) => last.held === undefined)
  const same = Map.groupBy(unmarked, ({ last }) => JSON.stringify({ ...last, held: true }))
  for (const [last, group] of same) {
    const numbers = group.map(({ number }) => number)
    for (let from = 0; from < numbers.length; from += rowsAtOnce)
      await knex('queue_recipients')
        .whereIn('number', numbers.slice(from, from + rowsAtOnce))
        .update({ last })
  }
}
