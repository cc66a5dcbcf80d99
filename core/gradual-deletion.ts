import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from './services/database.ts'

type Knex = Parameters<Parameters<Database['query']>[0]>[0]
type Rows = ReturnType<Knex['queryBuilder']>

/** Rows that nobody needs any more. */
export interface NeedlessRows {
  readonly table: string
  /** The columns of its primary key. */
  readonly key: readonly string[]
  /**
   * Says which they are, by an index: it is asked again for each few of them, and when these are deleted, as another may
   * need one by then.
   */
  readonly choose: (rows: Rows) => unknown
  /** No more than so many of them are deleted. */
  readonly most?: number
}

const rowsAtOnce = 250
/** Milliseconds between two rounds, for those who wait for the database. */
const breath = 5

/** Deletes rows a little at a time, so that nobody waits for it, and answers how many they were. MAIL_E_UNAVAILABLE. */
export async function deleteGradually(
  database: Database,
  { table, key, choose, most = Number.POSITIVE_INFINITY }: NeedlessRows,
  signal: AbortSignal,
): Promise<number> {
  let deleted = 0
  while (deleted < most && !signal.aborted) {
    const some = Math.min(rowsAtOnce, most - deleted)
    // MySQL takes no LIMIT in a subquery: the keys are read first.
    const round = await database.query(async (knex) => {
      const rows = knex(table)
        .select(...key)
        .limit(some)
      choose(rows)
      const keys = ((await rows) as readonly Record<string, string>[]).map((row) =>
        key.map((column) => row[column] ?? ''),
      )
      if (keys.length === 0) return { found: 0, gone: 0 }
      const doomed = rowsOf(knex(table), key, keys)
      choose(doomed)
      return { found: keys.length, gone: Number(await doomed.clearOrder().delete()) }
    })
    deleted += round.gone
    if (round.found < some) break
    await pause(breath)
  }
  return deleted
}

function rowsOf(rows: Rows, key: readonly string[], keys: readonly (readonly string[])[]): Rows {
  const [column = ''] = key
  return key.length === 1 ? rows.whereIn(column, keys.flat()) : rows.whereIn([...key], keys as string[][])
}
