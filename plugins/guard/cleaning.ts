import type { Knex } from 'knex'
import { type Database, deleteGradually } from 'mailwright'

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

/** Rows of a table that go in one run. */
const mostAtOnce = 100_000

/** Removes what is over, and the oldest of what is too much, a little at a time. */
export async function clean(database: Database, remains: Remains, signal: AbortSignal): Promise<void> {
  const { table, oldestBy, before, isAhead, most, surplusOf } = remains
  const remove = (choose: (rows: Knex.QueryBuilder) => unknown, limit = mostAtOnce) =>
    deleteGradually(database, { table, key: ['id'], choose, most: Math.min(limit, mostAtOnce) }, signal)
  // One query for both would go through the whole index.
  await remove((rows) => rows.where(oldestBy, '<', before).orderBy(oldestBy))
  await remove(isAhead)
  const [{ count } = { count: 0 }] = (await database.query((knex) =>
    knex(table).count({ count: '*' }),
  )) as readonly { count: number | string }[]
  await remove((rows) => {
    rows.orderBy(oldestBy)
    surplusOf?.(rows)
  }, Number(count) - most)
}
