import { randomInt } from 'node:crypto'
import type { Knex } from 'knex'
import type { LastAttempt } from '../tables/queued.ts'
import type { LaneRow } from '../tables/tables.ts'
import type { Lane } from './lane.ts'

/** Milliseconds after which an owner looks at the table in any case. */
const lookAgain = 300_000

const rowsAtOnce = 100
const triedAtOnce = 500

/** A destination that was taken just now. `owner` is who held it until then. */
export interface TakenLane extends LaneRow {
  /** It had no row: nothing waits for it but what is written in the same transaction. */
  readonly isNew: boolean
}

/** Whom destinations are taken for. */
export interface Taker {
  readonly owner: string
  /** Whether it works on a destination already. */
  readonly worksOn: (destination: string) => boolean
  /** Whether it is giving a destination up, which the table may not know yet. */
  readonly leaves: (destination: string) => boolean
}

/**
 * Says that something waits for destinations, and takes those that nobody holds. Their owners, if others, look at the table soon. To
 * be called in the transaction that writes what waits, after it.
 */
export async function joinLanes(
  knex: Knex,
  destinations: readonly string[],
  taker: Taker | undefined,
  now: number,
): Promise<readonly TakenLane[]> {
  // All processes lock them in the same order.
  const sorted = [...destinations].sort()
  // In one statement: with a look before it, two processes would wait for each other. A fence never comes again, even where the row
  // was deleted in between; that of this call shows which rows it has made.
  const fence = now * 1_000 + randomInt(1_000)
  const rest = { due: now, owner: '', fence, paused_until: 0, pauses: 0, last: null }
  for (let from = 0; from < sorted.length; from += rowsAtOnce)
    await knex('queue_lanes')
      .insert(sorted.slice(from, from + rowsAtOnce).map((destination) => ({ destination, ...rest })))
      .onConflict('destination')
      .merge({ due: knex.raw('case when ?? > ? then ?? else ? end', ['paused_until', now, 'due', now]) })
  if (taker === undefined) return []
  const taken = await takeLanes(knex, sorted, taker, now)
  return taken.map((row) => ({ ...row, isNew: row.fence === fence + 1 }))
}

/** Makes rows for destinations that something waits for and that have none: of tables that were put back, or mended. */
export async function reviveLanes(knex: Knex, now: number): Promise<void> {
  const lost = await knex
    .from(knex('queue_recipients').distinct('destination').as('waiting'))
    .leftJoin('queue_lanes', 'queue_lanes.destination', 'waiting.destination')
    .whereNull('queue_lanes.destination')
    .select('waiting.destination')
  const names = lost.map(({ destination }: { destination: string }) => destination)
  await joinLanes(knex, names, undefined, now)
}

/** Takes those of some destinations that nobody holds and that are not paused; also those of its own that it does not work on. */
async function takeLanes(
  knex: Knex,
  destinations: readonly string[],
  taker: Taker,
  now: number,
): Promise<readonly TakenLane[]> {
  const { owner } = taker
  const wanted = destinations.filter((destination) => isFree(taker, destination))
  if (wanted.length === 0) return []
  const free = await knex<LaneRow>('queue_lanes')
    .whereIn('destination', wanted)
    .whereIn('owner', ['', owner])
    .where('paused_until', '<=', now)
    .orderBy('destination')
    .forUpdate()
    .select()
  if (free.length === 0) return []
  await knex('queue_lanes')
    .whereIn(
      'destination',
      free.map(({ destination }) => destination),
    )
    .update({ owner, fence: knex.raw('fence + 1'), due: now + lookAgain })
  return free.map((row) => ({ ...row, fence: Number(row.fence) + 1, isNew: false }))
}

/** What somebody has to look at. */
export interface DueLanes {
  readonly taken: readonly TakenLane[]
  /** Those that the taker works on, where others have added something. */
  readonly own: readonly string[]
  /** Others that there was no room for, as far as was looked. */
  readonly left: number
  /** There may be more. */
  readonly more: boolean
}

export interface DueLanesOptions {
  readonly most: number
  readonly atOnce: number
  readonly doubtful?: readonly string[]
}

/**
 * Destinations that somebody has to look at. Of those that nobody works on, up to `most` are taken; first the `doubtful` ones, which may
 * have been taken without an answer, and are not due then.
 */
export async function dueLanes(
  knex: Knex,
  taker: Taker,
  now: number,
  { most, atOnce, doubtful = [] }: DueLanesOptions,
): Promise<DueLanes> {
  const { owner, worksOn } = taker
  const due = await knex<LaneRow>('queue_lanes')
    .where('due', '<=', now)
    .where('paused_until', '<=', now)
    .whereIn('owner', most > 0 ? ['', owner] : [owner])
    .orderBy('due')
    .limit(atOnce)
    .select('destination', 'owner')
  // Nobody would look at what is being given up before its new time: that of a pause may be over when it is written.
  const added = due.filter((row) => row.owner === owner && worksOn(row.destination)).map(nameOf)
  const own = [...new Set([...doubtful.filter(worksOn), ...added])]
  const others = [...new Set([...doubtful, ...due.map(nameOf)])].filter((each) => isFree(taker, each))
  if (own.length > 0)
    await knex('queue_lanes')
      .whereIn('destination', own)
      .where({ owner })
      .update({ due: laterUnlessPaused(knex, now) })
  const taken = await takeLanes(knex, others.slice(0, most).sort(), taker, now)
  return { taken, own, left: Math.max(0, others.length - most), more: due.length === atOnce }
}

function isFree({ worksOn, leaves }: Taker, destination: string): boolean {
  return !worksOn(destination) && !leaves(destination)
}

function nameOf({ destination }: Pick<LaneRow, 'destination'>): string {
  return destination
}

/** The owner looks at it now, and again after a while. Answers whether it is the owner still. */
export async function lookLater(knex: Knex, lane: Lane, owner: string, now: number): Promise<boolean> {
  return (await ownLane(knex, lane, owner).update({ due: laterUnlessPaused(knex, now) })) > 0
}

/** A pause may be written after the decision to look: nobody would look again at its end. */
function laterUnlessPaused(knex: Knex, now: number): Knex.Raw {
  return knex.raw('case when ?? > ? then ?? else ? end', ['paused_until', now, 'due', now + lookAgain])
}

/** Gives a destination up. It is forgotten where nothing waits for it. */
export async function releaseLane(knex: Knex, lane: Lane, owner: string): Promise<void> {
  if ((await ownLane(knex, lane, owner).update({ owner: '' })) === 0) return
  const [next] = await knex('queue_recipients').where({ destination: lane.destination }).min({ due: 'due' })
  if (next?.due === null || next?.due === undefined)
    await knex('queue_lanes').where({ destination: lane.destination, owner: '' }).delete()
  else
    await knex('queue_lanes')
      .where({ destination: lane.destination, owner: '' })
      .update({ due: Number(next.due) })
}

/** Gives a destination up for which somebody waits whose turn it is not. It is looked at from a time on, or when something is added. */
export async function yieldLane(
  knex: Knex,
  lane: Lane,
  owner: string,
  { now, until }: { readonly now: number; readonly until: number },
): Promise<void> {
  const due = knex.raw('case when ?? <= ? then ?? else ? end', ['due', now, 'due', until])
  await ownLane(knex, lane, owner).update({ owner: '', due })
}

/** Leaves a destination alone until a time, whoever has something for it. */
export async function pauseLane(
  knex: Knex,
  lane: Lane,
  owner: string,
  {
    until,
    last,
    moving = false,
    tried = [],
  }: {
    readonly until: number
    readonly last: LastAttempt | undefined
    readonly moving?: boolean | undefined
    /** Numbers of recipients whose deliveries go on. */
    readonly tried?: readonly number[]
  },
): Promise<void> {
  // It stays its owner's, for whom deliveries may be under way.
  const paused = await ownLane(knex, lane, owner).update({
    due: until,
    paused_until: until,
    pauses: lane.health.pauses,
    moving,
    last: last === undefined ? null : JSON.stringify(last),
  })
  if (paused === 0) return
  for (let from = 0; from < tried.length; from += triedAtOnce)
    await knex('queue_recipients')
      .whereIn('number', tried.slice(from, from + triedAtOnce))
      .update({ tried_by: owner })
}

/** It answers again. */
export async function clearPauses(knex: Knex, lane: Lane, owner: string): Promise<void> {
  await ownLane(knex, lane, owner).update({ pauses: 0, paused_until: 0, last: null })
}

/** Whether no other process has it by now. */
export async function holdsLane(
  knex: Knex,
  lane: Pick<Lane, 'destination' | 'fence'>,
  owner: string,
): Promise<boolean> {
  return (await ownLane(knex, lane, owner).forUpdate().first('destination')) !== undefined
}

/** The row of a destination, for as long as no other process has it. */
function ownLane(
  knex: Knex,
  { destination, fence }: Pick<Lane, 'destination' | 'fence'>,
  owner: string,
): Knex.QueryBuilder {
  return knex('queue_lanes').where({ destination, owner, fence })
}
