import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Knex } from 'knex'
import {
  type Address,
  type Database,
  parseAddress,
  type QueueItem,
  type QueuedRecipient as ShownRecipient,
} from 'mailwright'
import { destinationsOf } from '../intake/intake.ts'
import { isGivenUp, isHeld, isTried } from '../outcomes/under-way.ts'
import { type QueuedMessage, readDelivery, readLast, readMessage } from '../tables/queued.ts'
import { type BigNumber, type LaneRow, type MessageRow, never, type RecipientRow } from '../tables/tables.ts'
import { destinationName } from './selection.ts'

interface ItemsSettings {
  /** Recipients that are shown of each message. */
  readonly most: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Those of one message who wait. */
interface Waiting {
  readonly count: number
  /** A part of them, where they are many. */
  readonly rows: WaitingRow[]
}

/** `next`: when it is tried, also for all that is known of its destination; `lane`: of that, where it is left alone. */
type WaitingRow = RecipientRow & { readonly next: number; readonly lane: PausedLane | undefined }

type PausedLane = Pick<LaneRow, 'destination' | 'paused_until' | 'moving' | 'last'>

/** Recipients that are read in one go. */
const rowsAtOnce = 1_000

/**
 * Messages with their recipients, in the same order. Variants of one transaction become one; those for whom nobody waits, and whose sender
 * has been told, are gone.
 */
export async function itemsOf(
  database: Database,
  messages: readonly MessageRow[],
  settings: ItemsSettings,
): Promise<readonly QueueItem[]> {
  if (messages.length === 0) return []
  const waiting = await database.query((knex) => countWaiting(knex, messages))
  const over = messages.filter(({ number }) => !waiting.has(Number(number)))
  const untold = await database.query((knex) => findUntold(knex, over))
  for (const numbers of portions(waiting, settings.most)) {
    const rows = await database.query(async (knex) =>
      withNext(knex, await readRecipients(knex, numbers, settings.most), settings.now),
    )
    for (const row of rows) waiting.get(Number(row.message))?.rows.push(row)
    await nextTurn()
  }
  return merged(
    messages.flatMap((row) => {
      const own = waiting.get(Number(row.number))
      if (own !== undefined && own.rows.length > 0) return itemOf(row, own, settings.now)
      const due = untold.get(Number(row.number))
      return due === undefined ? [] : reportingItem(row, due)
    }),
  )
}

/** When the senders of some messages are told at the latest, by number; only of those that have something to be told of. */
async function findUntold(knex: Knex, messages: readonly MessageRow[]): Promise<ReadonlyMap<number, number>> {
  if (messages.length === 0) return new Map()
  const rows: { readonly message: BigNumber; readonly due: BigNumber }[] = await knex('queue_reports')
    .whereIn(
      'message',
      messages.map(({ number }) => Number(number)),
    )
    .where('due', '<', never)
    .groupBy('message')
    .select('message')
    .min({ due: 'due' })
  return new Map(rows.map(({ message, due }) => [Number(message), Number(due)]))
}

async function countWaiting(
  knex: Knex,
  messages: readonly MessageRow[],
): Promise<ReadonlyMap<number, Waiting>> {
  const rows: { readonly message: BigNumber; readonly count: BigNumber }[] = await knex('queue_recipients')
    .whereIn(
      'message',
      messages.map(({ number }) => Number(number)),
    )
    .groupBy('message')
    .select('message')
    .count({ count: '*' })
  return new Map(rows.map(({ message, count }) => [Number(message), { count: Number(count), rows: [] }]))
}

/** Messages whose recipients are read together; one of very many recipients goes alone. */
function portions(waiting: ReadonlyMap<number, Waiting>, most: number): readonly (readonly number[])[] {
  const all: number[][] = []
  let room = 0
  for (const [number, { count }] of waiting) {
    const isAlone = count > most
    if (isAlone || count > room || all.length === 0) {
      all.push([])
      room = rowsAtOnce
    }
    all.at(-1)?.push(number)
    room = isAlone ? 0 : room - count
  }
  return all
}

function readRecipients(
  knex: Knex,
  messages: readonly number[],
  most: number,
): Promise<readonly RecipientRow[]> {
  const rows = knex<RecipientRow>('queue_recipients').whereIn('message', messages).orderBy('number')
  return messages.length === 1 ? rows.limit(most) : rows
}

async function withNext(
  knex: Knex,
  rows: readonly RecipientRow[],
  now: number,
): Promise<readonly WaitingRow[]> {
  const destinations = destinationsOf(rows)
  const paused = new Map<string, PausedLane>()
  for (let from = 0; from < destinations.length; from += rowsAtOnce) {
    const lanes: PausedLane[] = await knex<LaneRow>('queue_lanes')
      .whereIn('destination', destinations.slice(from, from + rowsAtOnce))
      .where('paused_until', '>', now)
      .select('destination', 'paused_until', 'moving', 'last')
    for (const lane of lanes) paused.set(lane.destination, lane)
  }
  return rows.map((row) => {
    const lane = paused.get(row.destination)
    return { ...row, next: Math.max(Number(row.due), Number(lane?.paused_until ?? 0)), lane }
  })
}

function reportingItem(row: MessageRow, due: number): QueueItem {
  return {
    ...facts(row),
    state: 'reporting',
    nextAttempt: dateOf(due),
    recipients: [],
    recipientCount: 0,
  }
}

function itemOf(row: MessageRow, { count, rows }: Waiting, now: number): QueueItem {
  const isAllHeld = rows.every(isHeld)
  const next = Math.min(...rows.map((one) => one.next))
  const isActive = next <= now || rows.some((one) => isGivenUp(one) || isTried(one))
  const reason = row.held_reason ?? undefined
  return {
    ...facts(row),
    state: isAllHeld ? 'held' : isActive ? 'active' : 'waiting',
    ...(reason === undefined ? {} : { reason }),
    nextAttempt: dateOf(next),
    recipients: rows.map((one) => shown(one, now)),
    recipientCount: count,
  }
}

function facts(
  row: MessageRow,
): Pick<QueueItem, 'id' | 'place' | 'reversePath' | 'arrivedAt' | 'expiresAt' | 'size'> {
  const { id, envelope, arrivedAt, expiresAt, size } = readMessage(row) ?? unreadable(row)
  return {
    id,
    place: `${row.arrived_at}-${row.number}`,
    reversePath: envelope.reversePath,
    arrivedAt: new Date(arrivedAt),
    expiresAt: new Date(expiresAt),
    size,
  }
}

/** Variants of one transaction are one message to those who look for it. */
function merged(items: readonly QueueItem[]): readonly QueueItem[] {
  const byId = new Map<string, QueueItem>()
  for (const item of items) {
    const before = byId.get(item.id)
    byId.set(item.id, before === undefined ? item : both(before, item))
  }
  return [...byId.values()]
}

function both(one: QueueItem, other: QueueItem): QueueItem {
  // A sender is told when nothing is under way any more.
  if (one.state === 'reporting') return other
  if (other.state === 'reporting') return one
  const times = [one.nextAttempt, other.nextAttempt].filter((time) => time !== undefined)
  return {
    ...one,
    state: one.state === 'held' ? other.state : one.state,
    nextAttempt: times.sort((a, b) => Number(a) - Number(b))[0],
    recipients: [...one.recipients, ...other.recipients],
    recipientCount: one.recipientCount + other.recipientCount,
  }
}

function shown(row: WaitingRow, now: number): ShownRecipient {
  const last = readLast(row.last) ?? readLast(row.lane?.last ?? null)
  const delivery = readDelivery(row.delivery)
  const waitsForTurn = Boolean(row.lane?.moving) && !isHeld(row) && Number(row.due) <= now
  return {
    address: delivery?.recipient ?? searchedFor(row.address),
    ...(row.target === null ? {} : { target: delivery?.target ?? searchedFor(row.target) }),
    destination: destinationName(row.destination),
    attempts: row.attempts,
    nextAttempt: dateOf(row.next),
    ...(isHeld(row) && { held: true, ...(row.tried_by !== null && { stillTried: true }) }),
    lastReply: last?.reply,
    ...(last?.cause === undefined ? {} : { lastCause: last.cause }),
    ...(last?.host === undefined ? {} : { lastHost: last.host }),
    ...(waitsForTurn && { waitsForTurn }),
  }
}

/** Of a row that is damaged: it is shown with what can be searched for. */
function unreadable(row: MessageRow): Omit<QueuedMessage, 'number'> {
  return {
    id: row.id,
    envelope: { reversePath: row.sender === '<>' ? null : searchedFor(row.sender), parameters: {} },
    arrivedAt: Number(row.arrived_at),
    expiresAt: Number(row.expires_at),
    size: Number(row.size),
  }
}

function searchedFor(text: string): Address {
  return parseAddress(text) ?? { localPart: text, domain: '' }
}

function dateOf(time: number): Date | undefined {
  return time < never ? new Date(time) : undefined
}
