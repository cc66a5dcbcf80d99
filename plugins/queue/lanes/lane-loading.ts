import type { Knex } from 'knex'
import { reply } from 'mailwright'
import { type QueuedMessage, type QueuedRecipient, readMessage, readRecipient } from '../tables/queued.ts'
import { type MessageRow, never, type RecipientRow, withoutContent } from '../tables/tables.ts'
import type { Lane } from './lane.ts'
import { lookLater } from './lane-table.ts'

const damagedRow = reply(451, '4.3.0', 'Its row in the table is damaged')

/** What a look at the table brought. */
export interface Loaded {
  readonly recipients: readonly QueuedRecipient[]
  /** Numbers of those that nobody can read. They are held. */
  readonly damaged: readonly number[]
  /** There may be others. */
  readonly more: boolean
}

/** Reads what is due for a destination. Undefined where another process has it by now. */
export async function loadLane(
  knex: Knex,
  lane: Lane,
  owner: string,
  { now, most, isBusy }: { now: number; most: number; isBusy: (number: number) => boolean },
): Promise<Loaded | undefined> {
  // It was given up while it waited to be read: its row says by now when somebody looks at it.
  if (lane.isOver) return undefined
  // Before the look: whoever adds something after it sets the time back again.
  if (!(await lookLater(knex, lane, owner, now))) return undefined
  const half = Math.ceil(most / 2)
  const limit = half + lane.line.size + lane.busy.size
  const due = knex<RecipientRow>('queue_recipients')
    .where({ destination: lane.destination })
    .where('due', '<=', now)
  const oldest = await due.clone().orderBy('due').orderBy('number').limit(limit)
  // Who came last does not wait behind a long line of others: senders take turns with what is in memory only.
  const isAll = oldest.length < limit
  const newest = isAll ? [] : await due.clone().orderBy('due', 'desc').orderBy('number', 'desc').limit(half)
  const rows = new Map([...oldest, ...newest].map((row) => [Number(row.number), row]))
  const others = [...rows.values()].filter(({ number }) => !lane.line.has(Number(number)))
  const fresh = others.filter(({ number }) => !isBusy(Number(number)))
  // What is under way for a destination that it had before is free only when that has ended.
  const waitsForOthers = others.some(({ number }) => isBusy(Number(number)) && !lane.busy.has(Number(number)))
  return { ...(await withMessages(knex, fresh)), more: !isAll || waitsForOthers }
}

async function withMessages(
  knex: Knex,
  rows: readonly RecipientRow[],
): Promise<Pick<Loaded, 'recipients' | 'damaged'>> {
  const messages = await readMessages(
    knex,
    rows.map(({ message }) => Number(message)),
  )
  const recipients: QueuedRecipient[] = []
  const damaged: number[] = []
  for (const row of rows) {
    const message = messages.get(Number(row.message))
    const recipient = message && readRecipient(row, message)
    if (recipient === undefined) damaged.push(Number(row.number))
    else recipients.push(recipient)
  }
  if (damaged.length === 0) return { recipients, damaged }
  const held = await holdDamaged(knex, damaged)
  return { recipients, damaged: held === 0 ? [] : damaged }
}

/** Leaves recipients whose rows nobody can read to the postmaster. Answers how many are still there. */
export function holdDamaged(knex: Knex, numbers: readonly number[]): Promise<number> {
  const isHeld = { due: never, deadline: never, last: JSON.stringify({ at: 0, reply: damagedRow }) }
  return knex('queue_recipients').whereIn('number', numbers).update(isHeld)
}

/** Messages by their numbers, without their octets; without those that are damaged. */
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
    for (const row of rows) {
      const message = readMessage(row)
      if (message !== undefined) found.set(message.number, message)
    }
  }
  return found
}
