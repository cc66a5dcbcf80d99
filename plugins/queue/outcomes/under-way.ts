import type { Knex } from 'knex'
import type { Database } from 'mailwright'
import { destinationsOf } from '../intake/intake.ts'
import { hasEnded } from '../lanes/holder-id.ts'
import { type HolderRow, type LaneRow, never, type RecipientRow } from '../tables/tables.ts'

/** Milliseconds by which the clocks of two nodes may differ. */
export const clockDifference = 10_000

const lanesAtOnce = 500

export interface UnderWay {
  readonly now: number
  /** Also those whose destination is paused: what began before may not have ended. */
  readonly paused: boolean
  /** That of the transaction. */
  readonly database: Database
}

/**
 * Says of recipients of some destinations whether they may be being tried: their time has come, or they are to be given up after the attempt, and
 * a living process holds their destination; or they were held, or it was paused, in such an attempt. Nobody takes one of the
 * destinations before the transaction ends. The recipients' rows are to be read after it: a pause may be written until then.
 */
export async function lockUnderWay(
  knex: Knex.Transaction,
  recipients: readonly Pick<RecipientRow, 'destination'>[],
  { now, paused, database }: UnderWay,
): Promise<(row: RecipientRow) => boolean> {
  const holders = await knex<HolderRow>('queue_holders')
    .where('expires_at', '>', now)
    .select('id', 'expires_at')
  const living = new Set(holders.filter((holder) => !hasEnded(holder, database)).map(({ id }) => id))
  const lanes = await lockLanes(knex, destinationsOf(recipients))
  const held = new Set(
    lanes
      .filter(({ owner, paused_until }) => living.has(owner) && (paused || Number(paused_until) <= now))
      .map(({ destination }) => destination),
  )
  return (row) =>
    (row.tried_by !== null && living.has(row.tried_by)) ||
    (held.has(row.destination) && (Number(row.due) <= now + clockDifference || isGivenUp(row)))
}

type LockedLane = Pick<LaneRow, 'destination' | 'owner' | 'paused_until'>

/** Nobody takes or leaves them before the transaction ends. */
async function lockLanes(
  knex: Knex.Transaction,
  destinations: readonly string[],
): Promise<readonly LockedLane[]> {
  // All processes lock them in the same order.
  const sorted = [...destinations].sort()
  const lanes: LockedLane[] = []
  for (let from = 0; from < sorted.length; from += lanesAtOnce)
    lanes.push(
      ...(await knex<LaneRow>('queue_lanes')
        .whereIn('destination', sorted.slice(from, from + lanesAtOnce))
        .orderBy('destination')
        .forUpdate()
        .select('destination', 'owner', 'paused_until')),
    )
  return lanes
}

/** Holds all recipients of some messages, and notes who may be trying them. To be called before anything else of them is written. */
export async function holdMessages(
  knex: Knex.Transaction,
  messages: readonly number[],
  now: number,
): Promise<void> {
  // Without a lock: whoever buries others locks these before the destinations.
  const clearing: string[] = await knex('queue_holders').where({ clears_tried: true }).pluck('id')
  const concerned = await knex('queue_recipients').whereIn('message', messages).distinct('destination')
  await lockLanes(knex, destinationsOf(concerned))
  const owner = knex('queue_lanes')
    .where('queue_lanes.destination', knex.ref('queue_recipients.destination'))
    .whereIn('owner', clearing)
    .select('owner')
  await knex('queue_recipients')
    .whereIn('message', messages)
    .where((tried) =>
      tried
        .where('due', '<=', now + clockDifference)
        .orWhere((ending) => ending.where('due', never).where('deadline', '<', never)),
    )
    .update({ tried_by: owner })
  await knex('queue_recipients').whereIn('message', messages).update({ due: never, deadline: never })
}

/** Whether it waits for the postmaster. */
export function isHeld({ due, deadline }: Pick<RecipientRow, 'due' | 'deadline'>): boolean {
  return Number(due) === never && Number(deadline) === never
}

/** Whether it is known to be being tried, though its destination may be paused. */
export function isTried(row: Pick<RecipientRow, 'due' | 'deadline' | 'tried_by'>): boolean {
  return row.tried_by !== null && !isHeld(row)
}

/** Whether it is to be given up as soon as nobody tries it any more. What is held has no deadline. */
export function isGivenUp({ due, deadline }: Pick<RecipientRow, 'due' | 'deadline'>): boolean {
  return Number(due) === never && Number(deadline) < never
}
