import type { Knex } from 'knex'
import { type Database, firmTransaction } from 'mailwright'
import { patience, type RetrySchedule } from '../tables/retry-schedule.ts'
import { never } from '../tables/tables.ts'
import type { HealthSettings } from './health.ts'
import { leaseDuration } from './holder-id.ts'
import { joinLanes } from './lane-table.ts'

export interface LongestTimes {
  readonly schedule: Pick<RetrySchedule, 'longest'>
  readonly health: Pick<HealthSettings, 'longestPause'>
}

/** Milliseconds that a destination may be left alone for others' turns, whatever the options are. */
export const longestTurn = 600_000
/** By chance times are a tenth longer. */
const jitter = 1.1
const rowsAtOnce = 500
const lanesAtOnce = 200

/**
 * Sets times to now that nobody can have written who had this clock: after a clock that was ahead destinations would be left alone, and
 * recipients wait, for as long as it was.
 */
export async function mendTimesAhead(
  database: Database,
  { schedule, health }: LongestTimes,
  now: number,
): Promise<void> {
  const paused = now + jitter * Math.max(health.longestPause, longestTurn)
  const due = now + jitter * schedule.longest
  await firmTransaction(database, async (knex) => {
    // Whoever lives says so anew in a moment.
    await knex('queue_holders')
      .where('expires_at', '>', now + 2 * leaseDuration)
      .update({ expires_at: now + leaseDuration })
    await knex('queue_reports')
      .where('due', '>', now + jitter * patience)
      .where('due', '<', never)
      .update({ due: now })
    await knex('queue_lanes').where('paused_until', '>', paused).update({ paused_until: now, due: now })
    // That of one with nobody but such as are held is never.
    await knex('queue_lanes')
      .where('due', '>', Math.max(paused, due))
      .where('due', '<', never)
      .update({ due: now })
  })
  for (let after: string | undefined = ''; after !== undefined; ) {
    const destinations: string[] = await database.query((knex) => lanesAfter(knex, String(after)))
    for (let found = rowsAtOnce; found === rowsAtOnce; )
      found = await firmTransaction(database, (knex) => wakeAhead(knex, destinations, { due, now }))
    after = destinations.length < lanesAtOnce ? undefined : destinations.at(-1)
  }
}

function lanesAfter(knex: Knex, after: string): Promise<string[]> {
  return knex('queue_lanes')
    .where('destination', '>', after)
    .orderBy('destination')
    .limit(lanesAtOnce)
    .pluck('destination')
}

/** A portion of the recipients of some destinations, for which there is an index; answers how many they were. */
async function wakeAhead(
  knex: Knex.Transaction,
  destinations: readonly string[],
  { due, now }: { readonly due: number; readonly now: number },
): Promise<number> {
  const rows: { readonly number: number | string; readonly destination: string }[] = await knex(
    'queue_recipients',
  )
    .whereIn('destination', destinations)
    .where('due', '>', due)
    .where('due', '<', never)
    .limit(rowsAtOnce)
    .select('number', 'destination')
  if (rows.length === 0) return 0
  const numbers = rows.map(({ number }) => number)
  await knex('queue_recipients').whereIn('number', numbers).where('due', '<', never).update({ due: now })
  await joinLanes(knex, [...new Set(rows.map(({ destination }) => destination))], undefined, now)
  return rows.length
}
