import { setTimeout as pause } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { Database } from 'mailwright'

/** What is removed of a table. */
export interface Remains {
  readonly table: string
  /** The column by which the oldest go first: milliseconds since 1970. */
  readonly oldestBy: string
  /** What is older is over. */
  readonly before: number
  /** Which rows are over although they look newer than any can be. */
  readonly isAhead: (rows: Knex.QueryBuilder) => unknown
  /** Rows at most; beyond it go some that are not over. */
  readonly most: number
  /** Which rows can go although they are not over; all of them where absent. */
  readonly surplusOf?: (rows: Knex.QueryBuilder) => unknown
}

const rowsAtOnce = 500
const roundsAtMost = 200
/** Milliseconds between two rounds, for those who wait for the database. */
const breath = 5

/** Removes what is over, and the oldest of what is too much, a little at a time. */
export async function clean(database: Database, remains: Remains, signal: AbortSignal): Promise<void> {
  const { table, oldestBy, before, isAhead, most, surplusOf } = remains
  const [{ count } = { count: 0 }] = (await database.query((knex) =>
    knex(table).count({ count: '*' }),
  )) as readonly { count: number | string }[]
  let surplus = Math.max(0, Number(count) - most)
  for (let round = 0; round < roundsAtMost && !signal.aborted; round++) {
    const removed = await database.query(async (knex) => {
      const rows = knex(table).orderBy(oldestBy).limit(rowsAtOnce).select('id')
      if (surplus === 0) rows.where(oldestBy, '<', before).orWhere((ahead) => void isAhead(ahead))
      else surplusOf?.(rows.limit(Math.min(rowsAtOnce, surplus)))
      const ids = ((await rows) as readonly { id: string }[]).map(({ id }) => id)
      await knex(table).whereIn('id', ids).delete()
      return ids.length
    })
    if (removed === 0 && surplus === 0) return
    surplus = removed === 0 ? 0 : Math.max(0, surplus - removed)
    await pause(breath)
  }
}
