import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database, QueueDestination, QueueStatistics } from 'mailwright'
import { readLast } from '../tables/queued.ts'
import type { LaneRow } from '../tables/tables.ts'
import { countGroups } from './distribution.ts'
import type { GroupCounts } from './group-counts.ts'
import { destinationName } from './selection.ts'

/** Rows that are looked at in one go: a database in the process itself holds up everybody else meanwhile. */
const rowsAtOnce = 1_000

type Pause = Pick<QueueDestination, 'pausedUntil' | 'pausedFor' | 'pausedCause'>

interface Pauses {
  /** How many destinations are known, paused or not. */
  readonly lanes: number
  readonly paused: number
  /** Of those that are told apart. */
  readonly of: ReadonlyMap<string, Pause>
}

/** Counts what waits for each destination, and which ones are left alone. */
export async function countWaiting(
  database: Database,
  now: number,
  { limit, toldApart }: { readonly limit: number; readonly toldApart?: number },
): Promise<QueueStatistics> {
  const by = { by: 'destination', selection: {}, now } as const
  const counts = await countGroups(database, toldApart === undefined ? by : { ...by, toldApart })
  const { lanes, paused, of: pauses } = await readPauses(database, now, counts)
  const { total } = counts
  return {
    total: {
      ...total,
      oldest: total.recipients === 0 ? undefined : total.oldest,
      destinations: counts.isExact ? counts.found : Math.min(counts.found, lanes),
      paused,
    },
    destinations: counts.largest(limit).map(([destination, count]) => ({
      destination: destinationName(destination),
      ...count,
      ...(pauses.get(destination) ?? { pausedUntil: undefined }),
    })),
  }
}

async function readPauses(database: Database, now: number, counts: GroupCounts): Promise<Pauses> {
  const pauses = new Map<string, Pause>()
  let [lanes, paused] = [0, 0]
  for (let after: string | undefined; ; ) {
    const rows = await laneRows(database, after)
    lanes += rows.length
    for (const { destination, paused_until, last } of rows) {
      const until = Number(paused_until)
      if (until <= now) continue
      paused++
      if (counts.has(destination)) pauses.set(destination, pauseOf(until, last))
    }
    after = rows.at(-1)?.destination
    if (rows.length < rowsAtOnce) return { lanes, paused, of: pauses }
    await nextTurn()
  }
}

function pauseOf(until: number, last: string | null): Pause {
  const why = readLast(last)
  return {
    pausedUntil: new Date(until),
    ...(why === undefined ? {} : { pausedFor: why.reply }),
    ...(why?.cause === undefined ? {} : { pausedCause: why.cause }),
  }
}

function laneRows(
  database: Database,
  after: string | undefined,
): Promise<readonly Pick<LaneRow, 'destination' | 'paused_until' | 'last'>[]> {
  return database.query((knex) => {
    const lanes = knex('queue_lanes').orderBy('destination').limit(rowsAtOnce)
    if (after !== undefined) lanes.where('destination', '>', after)
    return lanes.select('destination', 'paused_until', 'last')
  })
}
