import type { Knex } from 'knex'
import { type Clock, type Database, deleteGradually, type Log } from 'mailwright'
import type { GreylistingOptions } from './options.ts'
import type { AllowanceRow, TripletRow } from './tables.ts'

// Clocks of machines differ a little. What was seen later was written by a clock that was ahead.
const clockDifference = 3_600_000
/** Rows that are looked at together. */
const rowsAtOnce = 500

export interface TidyingSurroundings {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly options: Pick<GreylistingOptions, 'maxTriplets' | 'retryWindow'>
}

/** Deletes what has expired, or would not for years. Any number of processes may do it. */
export async function tidy(
  { database, clock, log, options }: TidyingSurroundings,
  signal: AbortSignal,
): Promise<void> {
  const now = clock.now()
  await deleteTriplets(database, (rows) => rows.where('expires_at', '<=', now), signal)
  await deleteAhead(database, now, signal)
  await deleteAllowances(database, now, signal)
  const counted = await database.query((knex) =>
    knex<TripletRow>('greylist_triplets').count({ count: '*' }).first(),
  )
  const excess = Number(counted?.count ?? 0) - options.maxTriplets
  if (excess <= 0) return
  log.warn('limit-reached', { limit: 'maxTriplets', excess })
  // Those that nobody has come back for are worth the least.
  const waiting = (rows: Knex.QueryBuilder) =>
    rows
      .where('expires_at', '<=', now + options.retryWindow)
      .whereNull('passed_at')
      .orderBy('expires_at')
  const deleted = await deleteTriplets(database, waiting, signal, excess)
  await deleteTriplets(database, (rows) => rows.orderBy('expires_at'), signal, excess - deleted)
}

function deleteTriplets(
  database: Database,
  choose: (rows: Knex.QueryBuilder) => unknown,
  signal: AbortSignal,
  most?: number,
): Promise<number> {
  const rows = { table: 'greylist_triplets', key: ['id'], choose, ...(most === undefined ? {} : { most }) }
  return deleteGradually(database, rows, signal)
}

/** What a clock wrote that was ahead is among those that expire last: others need not be looked at. */
async function deleteAhead(database: Database, now: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const last = await database.query((knex) =>
      knex<TripletRow>('greylist_triplets')
        .orderBy('expires_at', 'desc')
        .limit(rowsAtOnce)
        .select('id', 'last_seen'),
    )
    const ids = last.filter((row) => isAhead(row, now)).map(({ id }) => id)
    if (ids.length === 0) return
    const choose = (rows: Knex.QueryBuilder) => rows.whereIn('id', ids).where('last_seen', '>', latest(now))
    await deleteTriplets(database, choose, signal)
  }
}

/** They have no index but their names, and are few: those of networks that have come back again and again. */
async function deleteAllowances(database: Database, now: number, signal: AbortSignal): Promise<void> {
  for (let from: string | undefined = ''; from !== undefined && !signal.aborted; ) {
    const behind: string = from
    const rows = await database.query((knex) =>
      knex<AllowanceRow>('greylist_allowances').where('name', '>', behind).orderBy('name').limit(rowsAtOnce),
    )
    const over = rows.filter((row) => row.kind === 'earned' && isOver(row, now)).map(({ name }) => name)
    const choose = (some: Knex.QueryBuilder) =>
      some
        .whereIn('name', over)
        .where('kind', 'earned')
        .where((each) => void each.where('expires_at', '<=', now).orWhere('last_seen', '>', latest(now)))
    if (over.length > 0)
      await deleteGradually(database, { table: 'greylist_allowances', key: ['name'], choose }, signal)
    from = rows.length < rowsAtOnce ? undefined : rows.at(-1)?.name
  }
}

function isOver(row: AllowanceRow, now: number): boolean {
  return Number(row.expires_at) <= now || isAhead(row, now)
}

function isAhead({ last_seen }: { readonly last_seen: number | string }, now: number): boolean {
  return Number(last_seen) > latest(now)
}

function latest(now: number): number {
  return now + clockDifference
}
