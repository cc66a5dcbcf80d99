import type { Knex } from 'knex'
import {
  type Address,
  type Database,
  parseAddress,
  type QueueDestination,
  type QueueItem,
  type QueueSelection,
  queueAgeLimits,
  type QueuedRecipient as ShownRecipient,
} from 'mailwright'
import { type QueuedMessage, readDelivery, readLast, readMessage } from './queued.ts'
import { destinationName, selected } from './selection.ts'
import { type BigNumber, type MessageRow, never, type RecipientRow, withoutContent } from './tables.ts'

/** What waits, as postmasters see it. */
export class Listing {
  readonly #database: Database
  readonly #activeSince: () => number

  /** `now`: milliseconds since 1970. */
  constructor(database: Database, now: () => number) {
    this.#database = database
    this.#activeSince = now
  }

  /** Messages, oldest first, each with up to so many recipients. */
  list(selection: QueueSelection, limit: number, recipients: number): Promise<readonly QueueItem[]> {
    return this.#database.query(async (knex) => {
      const messages = knex('queue_messages')
      const recipientsMeant = selected(knex, selection, this.#activeSince())
      // Every message has recipients who wait.
      if (Object.keys(selection).length > 0)
        messages.whereIn('number', recipientsMeant.select('queue_recipients.message'))
      const rows: MessageRow[] = await messages
        .orderBy('arrived_at')
        .orderBy('number')
        .limit(limit)
        .select(...withoutContent)
      const items: QueueItem[] = []
      for (const row of rows) items.push(await this.#item(knex, row, recipients))
      return merged(items)
    })
  }

  /** The destinations that most waits for come first. */
  statistics(limit: number): Promise<readonly QueueDestination[]> {
    return this.#database.query(async (knex) => {
      const now = this.#activeSince()
      const counted = await knex('queue_recipients')
        .select('destination')
        .count({ count: '*' })
        .groupBy('destination')
        .orderBy('count', 'desc')
        .limit(limit)
      const found: QueueDestination[] = []
      for (const { destination = '', count = 0 } of counted as {
        destination?: string
        count?: BigNumber
      }[]) {
        const lane = await knex('queue_lanes').where({ destination }).first('paused_until')
        const pausedUntil = Number(lane?.paused_until ?? 0)
        found.push({
          destination: destinationName(destination),
          recipients: Number(count),
          ...(await ages(knex, destination, now)),
          pausedUntil: pausedUntil > now ? new Date(pausedUntil) : undefined,
        })
      }
      return found
    })
  }

  async #item(knex: Knex, row: MessageRow, most: number): Promise<QueueItem> {
    const waiting = knex('queue_recipients').where({ message: row.number })
    const rows: RecipientRow[] = await waiting.clone().orderBy('number').limit(most)
    const [total] =
      rows.length < most ? [{ count: rows.length }] : await waiting.clone().count({ count: '*' })
    const message = readMessage(row) ?? unreadable(row)
    const isHeld = row.held_at !== null || rows.every(({ due }) => Number(due) === never)
    const next = Math.min(...rows.map(({ due }) => Number(due)))
    const reason = row.held_reason ?? undefined
    return {
      ...facts(message),
      state: isHeld ? 'held' : next <= this.#activeSince() ? 'active' : 'waiting',
      ...(reason === undefined ? {} : { reason }),
      nextAttempt: dateOf(next),
      recipients: rows.map(shown),
      recipientCount: Number(total?.count ?? rows.length),
    }
  }
}

function facts({
  id,
  envelope,
  arrivedAt,
  expiresAt,
  size,
}: Omit<QueuedMessage, 'number'>): Pick<
  QueueItem,
  'id' | 'reversePath' | 'arrivedAt' | 'expiresAt' | 'size'
> {
  return {
    id,
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
    if (before === undefined) {
      byId.set(item.id, item)
      continue
    }
    const times = [before.nextAttempt, item.nextAttempt].filter((time) => time !== undefined)
    byId.set(item.id, {
      ...before,
      state: before.state === 'held' ? item.state : before.state,
      nextAttempt: times.sort((one, other) => Number(one) - Number(other))[0],
      recipients: [...before.recipients, ...item.recipients],
      recipientCount: before.recipientCount + item.recipientCount,
    })
  }
  return [...byId.values()]
}

function shown(row: RecipientRow): ShownRecipient {
  const last = readLast(row.last)
  return {
    address: readDelivery(row.delivery)?.recipient ?? searchedFor(row.address),
    destination: destinationName(row.destination),
    attempts: row.attempts,
    nextAttempt: dateOf(Number(row.due)),
    lastReply: last?.reply,
    ...(last?.host === undefined ? {} : { lastHost: last.host }),
  }
}

/** Of a row that is damaged: it is shown with what can be searched for. */
function unreadable(row: MessageRow): Parameters<typeof facts>[0] {
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

async function ages(
  knex: Knex,
  destination: string,
  now: number,
): Promise<Pick<QueueDestination, 'ages' | 'oldest'>> {
  const limits = queueAgeLimits.map((minutes) => now - minutes * 60_000)
  const isOlder = (index: number) =>
    knex.raw('sum(case when queue_messages.arrived_at < ? then 1 else 0 end) as ??', [
      limits[index] ?? 0,
      `older${index}`,
    ])
  const row = await knex('queue_recipients')
    .join('queue_messages', 'queue_messages.number', 'queue_recipients.message')
    .where('queue_recipients.destination', destination)
    .select(
      knex.raw('count(*) as total'),
      knex.raw('min(queue_messages.arrived_at) as oldest'),
      ...limits.map((_, index) => isOlder(index)),
    )
    .first<Record<string, BigNumber>>()
  const older = [Number(row?.total ?? 0), ...limits.map((_, index) => Number(row?.[`older${index}`] ?? 0))]
  return {
    ages: older.map((count, index) => count - (older[index + 1] ?? 0)),
    oldest: Number(row?.oldest ?? now),
  }
}
