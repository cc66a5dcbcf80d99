import type { Knex } from 'knex'
import type { Lane } from './lane.ts'
import {
  type LastAttempt,
  type QueuedMessage,
  type QueuedRecipient,
  readMessage,
  readRecipient,
} from './queued.ts'
import type { LaneRow, MessageRow, RecipientRow } from './tables.ts'

/** Milliseconds after which an owner looks at the table in any case. */
const lookAgain = 300_000

const withoutContent = [
  'number',
  'id',
  'sender',
  'envelope',
  'arrived_at',
  'expires_at',
  'size',
  'held_at',
  'held_reason',
]

/** What a look at the table brought. */
export interface Loaded {
  readonly recipients: readonly QueuedRecipient[]
  /** There were as many as were asked for. */
  readonly more: boolean
}

/**
 * Says that something waits for destinations, and takes those that nobody holds. Their owners, if others, look at the table soon. To
 * be called in the transaction that writes what waits, after it.
 */
export async function joinLanes(
  knex: Knex,
  destinations: readonly string[],
  owner: string | undefined,
  now: number,
): Promise<readonly LaneRow[]> {
  for (const destination of destinations)
    await knex('queue_lanes')
      .insert({ destination, due: now, owner: '', fence: 0, paused_until: 0, pauses: 0, last: null })
      .onConflict('destination')
      .ignore()
  await knex('queue_lanes')
    .whereIn('destination', destinations)
    .where('due', '>', now)
    .where('paused_until', '<=', now)
    .update({ due: now })
  return owner === undefined ? [] : await takeLanes(knex, destinations, owner, now)
}

/** Takes those of some destinations that nobody holds and that are not paused. */
async function takeLanes(
  knex: Knex,
  destinations: readonly string[],
  owner: string,
  now: number,
): Promise<readonly LaneRow[]> {
  const free = await knex<LaneRow>('queue_lanes')
    .whereIn('destination', destinations)
    .where({ owner: '' })
    .where('paused_until', '<=', now)
    .forUpdate()
    .select()
  if (free.length === 0) return []
  await knex('queue_lanes')
    .whereIn(
      'destination',
      free.map(({ destination }) => destination),
    )
    .update({ owner, fence: knex.raw('fence + 1'), due: now + lookAgain })
  return free.map((row) => ({ ...row, owner, fence: Number(row.fence) + 1 }))
}

/** Destinations that somebody has to look at: those that were taken just now, and own ones where others have added something. */
export async function dueLanes(
  knex: Knex,
  owner: string,
  now: number,
  most: number,
): Promise<{ readonly taken: readonly LaneRow[]; readonly own: readonly string[] }> {
  const due = await knex<LaneRow>('queue_lanes')
    .where('due', '<=', now)
    .whereIn('owner', ['', owner])
    .orderBy('due')
    .limit(most)
    .select('destination', 'owner')
  const named = (wanted: string) => due.filter((row) => row.owner === wanted).map((row) => row.destination)
  const free = named('')
  return { taken: free.length === 0 ? [] : await takeLanes(knex, free, owner, now), own: named(owner) }
}

/** Reads what is due for a destination. Undefined where another process has it by now. */
export async function loadLane(
  knex: Knex,
  lane: Lane,
  owner: string,
  now: number,
  most: number,
): Promise<Loaded | undefined> {
  // Before the look: whoever adds something after it sets the time back again.
  const held = await ownLane(knex, lane, owner).update({ due: now + lookAgain })
  if (held === 0) return undefined
  const limit = most + lane.line.size + lane.busy.size
  const rows = await knex<RecipientRow>('queue_recipients')
    .where({ destination: lane.destination })
    .where('due', '<=', now)
    .orderBy('due')
    .limit(limit)
  const fresh = rows.filter(({ number }) => !lane.line.has(Number(number)) && !lane.busy.has(Number(number)))
  return { recipients: await withMessages(knex, fresh), more: rows.length === limit }
}

async function withMessages(knex: Knex, rows: readonly RecipientRow[]): Promise<readonly QueuedRecipient[]> {
  const messages = await readMessages(
    knex,
    rows.map(({ message }) => Number(message)),
  )
  return rows.flatMap((row) => {
    const message = messages.get(Number(row.message))
    return message === undefined ? [] : [readRecipient(row, message)]
  })
}

/** Messages by their numbers, without their octets. */
export async function readMessages(
  knex: Knex,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, QueuedMessage>> {
  const found = new Map<number, QueuedMessage>()
  const wanted = [...new Set(numbers)]
  for (let from = 0; from < wanted.length; from += 500) {
    const rows: MessageRow[] = await knex('queue_messages')
      .whereIn('number', wanted.slice(from, from + 500))
      .select(...withoutContent)
    for (const row of rows) found.set(Number(row.number), readMessage(row))
  }
  return found
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

/** Leaves a destination alone until a time, whoever has something for it. */
export async function pauseLane(
  knex: Knex,
  lane: Lane,
  owner: string,
  pause: { readonly until: number; readonly last: LastAttempt | undefined },
): Promise<void> {
  await ownLane(knex, lane, owner).update({
    owner: '',
    due: pause.until,
    paused_until: pause.until,
    pauses: lane.health.pauses,
    last: pause.last === undefined ? null : JSON.stringify(pause.last),
  })
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

function ownLane(
  knex: Knex,
  { destination, fence }: Pick<Lane, 'destination' | 'fence'>,
  owner: string,
): Knex.QueryBuilder {
  return knex('queue_lanes').where({ destination, owner, fence })
}
