import type { Knex } from 'knex'
import type { ReportedRecipient } from 'mailwright'
import { type QueuedMessage, readMessage, readReported } from '../tables/queued.ts'
import { type MessageRow, never, type ReportRow, withoutContent } from '../tables/tables.ts'
import { ChangedError } from './news.ts'

/** The most recipients that one notification is about. */
export const mostTogether = 2_000

const rowsAtOnce = 100
const deletedAtOnce = 500

/** What a sender has still to be told of a message. */
export interface ToTell {
  /** Undefined where its row is damaged, or gone. */
  readonly message: QueuedMessage | undefined
  /** Numbers of the rows. */
  readonly numbers: readonly number[]
  readonly recipients: readonly ReportedRecipient[]
  /** Rows that nobody can read. */
  readonly damaged: number
  /** When it was to be told at the latest. */
  readonly due: number
  /** There may be more. */
  readonly more: boolean
}

/** To be called in the transaction that ends what is told, before the message might be removed. */
export async function writeToTell(knex: Knex, rows: readonly ReportRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsAtOnce)
    await knex('queue_reports')
      .insert(rows.slice(from, from + rowsAtOnce))
      // Where this was made before without an answer.
      .onConflict('number')
      .ignore()
}

/** What is to be told of a message; undefined where nothing is. */
export async function readToTell(knex: Knex, message: number): Promise<ToTell | undefined> {
  const rows: ReportRow[] = await knex('queue_reports')
    .where({ message })
    .where('due', '<', never)
    .orderBy('number')
    .limit(mostTogether)
  if (rows.length === 0) return undefined
  const about: MessageRow | undefined = await knex('queue_messages')
    .where({ number: message })
    .first(...withoutContent)
  const read = rows.map((row) => ({ recipient: row.recipient, reported: readReported(row.report) }))
  const known = read.filter((one): one is Told => one.reported !== undefined)
  const over = new Set(known.filter(({ reported }) => !isDelay(reported)).map(({ recipient }) => recipient))
  return {
    message: about && readMessage(about),
    numbers: rows.map(({ number }) => Number(number)),
    recipients: known
      // That it takes long is of no interest where it is over.
      .filter(({ recipient, reported }) => !isDelay(reported) || !over.has(recipient))
      .map(({ reported }) => reported),
    damaged: rows.length - known.length,
    due: Math.min(...rows.map(({ due }) => Number(due))),
    more: rows.length === mostTogether,
  }
}

/** Once it is told. Throws ChangedError where another process was quicker with a part of it. */
export async function deleteToTell(knex: Knex, numbers: readonly number[]): Promise<void> {
  for (let from = 0; from < numbers.length; from += deletedAtOnce) {
    const some = numbers.slice(from, from + deletedAtOnce)
    if ((await knex('queue_reports').whereIn('number', some).delete()) !== some.length)
      throw new ChangedError()
  }
}

/** Leaves it until a time. */
export async function putOffToTell(knex: Knex, numbers: readonly number[], due: number): Promise<void> {
  for (let from = 0; from < numbers.length; from += deletedAtOnce)
    await knex('queue_reports')
      .whereIn('number', numbers.slice(from, from + deletedAtOnce))
      .update({ due })
}

/** Messages whose time to be told of has come: those with higher numbers than one. */
export async function findDue(
  knex: Knex,
  { now, after, most }: { readonly now: number; readonly after: number; readonly most: number },
): Promise<readonly number[]> {
  const rows: Pick<ReportRow, 'message'>[] = await knex('queue_reports')
    .distinct('message')
    .where('due', '<=', now)
    .where('message', '>', after)
    .orderBy('message')
    .limit(most)
  return rows.map(({ message }) => Number(message))
}

/** Up to so many messages of which something is to be told, with how much, and when at the latest. */
export async function findLeft(
  knex: Knex,
  most: number,
): Promise<readonly { readonly message: number; readonly count: number; readonly due: number }[]> {
  const rows: Readonly<Record<'message' | 'count' | 'due', number | string>>[] = await knex('queue_reports')
    .where('due', '<', never)
    .groupBy('message')
    .orderBy('message')
    .limit(most)
    .select('message')
    .count({ count: '*' })
    .min({ due: 'due' })
  return rows.map(({ message, count, due }) => ({
    message: Number(message),
    count: Number(count),
    due: Number(due),
  }))
}

/** Those of some messages of which something is to be told. */
export async function findNoted(knex: Knex, messages: readonly number[]): Promise<readonly number[]> {
  const rows = await knex('queue_reports').distinct('message').whereIn('message', messages)
  return rows.map(({ message }: Pick<ReportRow, 'message'>) => Number(message))
}

/**
 * Those of some messages of which more may have to be told in a moment: their recipients are being tried, or their time is over. Who
 * waits for a destination that is paused is not.
 */
export async function findUnderWay(
  knex: Knex,
  messages: readonly number[],
  now: number,
): Promise<ReadonlySet<number>> {
  const recipients = knex('queue_recipients')
    .leftJoin('queue_lanes', 'queue_lanes.destination', 'queue_recipients.destination')
    .whereRaw('?? = ??', ['queue_recipients.message', 'queue_messages.number'])
    .where((soon) =>
      soon
        .where('queue_recipients.deadline', '<=', now)
        .orWhere((tried) =>
          tried.where('queue_recipients.due', '<=', now).where('queue_lanes.paused_until', '<=', now),
        ),
    )
  const rows: Pick<MessageRow, 'number'>[] = await knex('queue_messages')
    .whereIn('number', messages)
    .whereExists(recipients)
    .select('number')
  return new Set(rows.map(({ number }) => Number(number)))
}

interface Told {
  readonly recipient: ReportRow['recipient']
  readonly reported: ReportedRecipient
}

function isDelay({ action }: ReportedRecipient): boolean {
  return action === 'delayed'
}
