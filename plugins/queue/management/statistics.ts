import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Database,
  type QueueDestination,
  type QueueStatistics,
  type QueueTotal,
  queueAgeLimits,
  type Reply,
} from 'mailwright'
import { readLast } from '../tables/queued.ts'
import { type BigNumber, type LaneRow, never } from '../tables/tables.ts'
import { destinationName } from './selection.ts'

/** Rows that are looked at in one go: a database in the process itself holds up everybody else meanwhile. */
const rowsAtOnce = 1_000
/** Destinations that are certainly told apart, and twice as many at the most: memory has an end. */
const usuallyToldApart = 50_000

/** Recipients of one destination whose messages arrived at the same time. */
interface CountedRow {
  readonly destination: string
  /** Null where the message is not there. */
  readonly arrived_at: BigNumber | null
  readonly recipients: BigNumber
  readonly held: BigNumber
  /** The largest number among them. */
  readonly last: BigNumber
}

interface Count {
  recipients: number
  oldest: number
  pausedUntil: Date | undefined
  pausedFor?: Reply
  readonly ages: number[]
}

interface Counts {
  readonly now: number
  readonly toldApart: number
  readonly total: Count & { held: number; paused: number; destinations: number }
  readonly destinations: Map<string, Count>
  /** How many destinations were dropped again, since there were too many. */
  dropped: number
}

/**
 * Counts what waits. Everything is gone through once, in the order in which it is written, by portions: that is several times quicker than
 * to ask for each destination, and nobody waits longer than for one portion.
 */
export async function countWaiting(
  database: Database,
  now: number,
  { limit, toldApart = usuallyToldApart }: { readonly limit: number; readonly toldApart?: number },
): Promise<QueueStatistics> {
  const counts: Counts = {
    now,
    toldApart,
    total: { ...noCount(now), held: 0, paused: 0, destinations: 0 },
    destinations: new Map(),
    dropped: 0,
  }
  await countRecipients(database, counts)
  const lanes = await countLanes(database, counts)
  const found = counts.destinations.size + counts.dropped
  // Whoever was dropped may have come again.
  const destinations = counts.dropped === 0 ? found : Math.min(found, lanes)
  return { total: totalOf(counts.total, destinations), destinations: largest(counts.destinations, limit) }
}

async function countRecipients(database: Database, counts: Counts): Promise<void> {
  // What comes meanwhile is not counted, so that it ends.
  const end = await lastNumber(database)
  for (let after = -1; after < end; ) {
    const rows = await countedRows(database, after, end)
    if (rows.length === 0) return
    for (const row of rows) {
      add(counts, row)
      after = Math.max(after, Number(row.last))
    }
    if (counts.destinations.size > 2 * counts.toldApart) dropSmallest(counts)
    await nextTurn()
  }
}

async function lastNumber(database: Database): Promise<number> {
  const [row] = await database.query((knex) => knex('queue_recipients').max({ number: 'number' }))
  return Number(row?.number ?? -1)
}

function countedRows(database: Database, after: number, end: number): Promise<readonly CountedRow[]> {
  return database.query((knex) => {
    const portion = knex('queue_recipients')
      .where('number', '>', after)
      .where('number', '<=', end)
      .orderBy('number')
      .limit(rowsAtOnce)
      .select('number', 'message', 'destination', 'due', 'deadline')
      .as('waiting')
    return knex
      .from(portion)
      .leftJoin('queue_messages', 'queue_messages.number', 'waiting.message')
      .groupBy('waiting.destination', 'queue_messages.arrived_at')
      .select(
        'waiting.destination',
        'queue_messages.arrived_at',
        knex.raw('sum(case when ?? = ? and ?? = ? then 1 else 0 end) as held', [
          'waiting.due',
          never,
          'waiting.deadline',
          never,
        ]),
      )
      .count({ recipients: '*' })
      .max({ last: 'waiting.number' })
  })
}

function add({ now, total, destinations }: Counts, row: CountedRow): void {
  let own = destinations.get(row.destination)
  if (own === undefined) {
    own = noCount(now)
    destinations.set(row.destination, own)
  }
  const [arrivedAt, recipients] = [Number(row.arrived_at ?? now), Number(row.recipients)]
  const age = ageClass(now - arrivedAt)
  total.held += Number(row.held)
  for (const count of [own, total]) {
    count.recipients += recipients
    count.ages[age] = (count.ages[age] ?? 0) + recipients
    count.oldest = Math.min(count.oldest, arrivedAt)
  }
}

function ageClass(age: number): number {
  const found = queueAgeLimits.findIndex((minutes) => age <= minutes * 60_000)
  return found < 0 ? queueAgeLimits.length : found
}

/** What little waits for is not among those that most waits for. */
function dropSmallest(counts: Counts): void {
  const { destinations, toldApart } = counts
  const sorted = [...destinations].sort(([, one], [, other]) => other.recipients - one.recipients)
  for (const [destination] of sorted.slice(toldApart)) destinations.delete(destination)
  counts.dropped += sorted.length - destinations.size
}

/** Which ones are paused; answers how many rows there are. */
async function countLanes(database: Database, { now, total, destinations }: Counts): Promise<number> {
  let lanes = 0
  for (let after: string | undefined; ; ) {
    const rows = await laneRows(database, after)
    lanes += rows.length
    for (const { destination, paused_until, last } of rows) {
      const own = destinations.get(destination)
      const until = Number(paused_until)
      if (until <= now) continue
      total.paused++
      if (own === undefined) continue
      own.pausedUntil = new Date(until)
      const why = readLast(last)
      if (why !== undefined) own.pausedFor = why.reply
    }
    after = rows.at(-1)?.destination
    if (rows.length < rowsAtOnce) return lanes
    await nextTurn()
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

function largest(destinations: Counts['destinations'], limit: number): readonly QueueDestination[] {
  return [...destinations]
    .sort(([, one], [, other]) => other.recipients - one.recipients)
    .slice(0, limit)
    .map(([destination, count]) => ({ destination: destinationName(destination), ...count }))
}

function totalOf(
  { recipients, held, paused, ages, oldest }: Counts['total'],
  destinations: number,
): QueueTotal {
  return { recipients, held, ages, oldest: recipients === 0 ? undefined : oldest, destinations, paused }
}

function noCount(now: number): Count {
  return { recipients: 0, oldest: now, pausedUntil: undefined, ages: [...queueAgeLimits, 0].map(() => 0) }
}
