import type { Knex } from 'knex'
import {
  type Clock,
  type Database,
  errorCode,
  type Failed,
  firmTransaction,
  MailwrightError,
  type QueueManagement,
  type QueueSelection,
  reply,
} from 'mailwright'
import { holdDamaged, readMessages } from '../lanes/lane-loading.ts'
import { selectedAmong, selectedPages } from '../management/selected-pages.ts'
import type { Farewell, GivenUp } from '../reports/farewell.ts'
import type { Changes } from '../tables/changes.ts'
import { type QueuedRecipient, readRecipient } from '../tables/queued.ts'
import { never, type RecipientRow } from '../tables/tables.ts'
import { expired } from './outcomes.ts'
import { lockUnderWay } from './under-way.ts'

export interface BouncingSettings {
  readonly database: Database
  readonly farewell: Farewell
  readonly changes: Changes
  readonly clock: Clock
}

const byPostmaster: Failed = {
  kind: 'failed',
  reply: reply(550, '5.0.0', 'The postmaster has given it up'),
  cause: 'given-up',
}

/**
 * Gives recipients up for the postmaster. From the first moment on nobody tries them any more; whoever is being tried at that moment may
 * still get the message, and is left to {@link import('./ageing.ts').Ageing}, in the process that knows what comes of it. Answers the
 * numbers of the messages with somebody who was given up, and calls back with the ids of those with recipients whose rows nobody can read: they
 * are held; and of those that cannot be read now: they are left to `Ageing`, too.
 */
export async function bounce(
  settings: BouncingSettings,
  selection: QueueSelection,
  untold: NonNullable<Parameters<QueueManagement['bounce']>[1]> = () => undefined,
): Promise<ReadonlySet<number>> {
  const { database, farewell, changes, clock } = settings
  if (!farewell.tells)
    throw new MailwrightError('MAIL_E_UNSUPPORTED', 'no plugin tells senders: add dsn to the config')
  const [messages, unreadable, unread] = [new Set<number>(), new Set<number>(), new Set<string>()]
  for await (const numbers of selectedPages(database, selection, () => clock.now())) {
    const { rows, tried } = await mark(settings, selection, numbers)
    const { readable, damaged } = await readRows(database, rows)
    for (const { message } of readable) messages.add(message.number)
    for (const { message } of damaged) unreadable.add(Number(message))
    const free = readable.filter(({ number }) => !tried.has(number))
    for (const [message, own] of Map.groupBy(free, ({ message }) => message)) {
      const isTold = await isRead(farewell.giveUp(message, own.map(givenUp), { goesOn: true }))
      if (!isTold) unread.add(message.id)
    }
  }
  await farewell.tell([...messages])
  changes.announce()
  for (const id of await database.query((knex) => idsOf(knex, [...unreadable]))) untold(id, 'damaged')
  for (const id of unread) untold(id, 'unread')
  return messages
}

/** One message that cannot be read now keeps nobody else from being told. */
async function isRead(told: Promise<unknown>): Promise<boolean> {
  try {
    await told
    return true
  } catch (error) {
    if (errorCode(error) !== 'MAIL_E_UNAVAILABLE') throw error
    return false
  }
}

/** Takes a page of recipients from whoever would try them. `tried` are the numbers of those who are being tried. */
function mark(
  { database, changes, clock }: BouncingSettings,
  selection: QueueSelection,
  numbers: readonly number[],
): Promise<{ readonly rows: readonly RecipientRow[]; readonly tried: ReadonlySet<number> }> {
  return firmTransaction(database, async (knex) => {
    const now = clock.now()
    const found: RecipientRow[] = await selectedAmong(knex, selection, now, numbers)
    const isUnderWay = await lockUnderWay(knex, found, { now, paused: true, database })
    const rows: RecipientRow[] = await selectedAmong(knex, selection, now, numbers)
    const marked = knex('queue_recipients').whereIn(
      'number',
      rows.map(({ number }) => number),
    )
    if (rows.length > 0) {
      await marked.update({ due: never, deadline: now })
      await endHolds(knex, rows)
      await changes.count(knex)
    }
    return { rows, tried: new Set(rows.filter(isUnderWay).map(({ number }) => Number(number))) }
  })
}

/** A message of which nobody is held any more is not held. */
async function endHolds(knex: Knex.Transaction, rows: readonly RecipientRow[]): Promise<void> {
  const held = knex('queue_recipients')
    .where('queue_recipients.message', knex.ref('queue_messages.number'))
    .where({ due: never, deadline: never })
  await knex('queue_messages')
    .whereIn('number', [...new Set(rows.map(({ message }) => Number(message)))])
    .whereNotNull('held_at')
    .whereNotExists(held)
    .update({ held_at: null, held_reason: null })
}

async function readRows(
  database: Database,
  rows: readonly RecipientRow[],
): Promise<{ readonly readable: readonly QueuedRecipient[]; readonly damaged: readonly RecipientRow[] }> {
  const messages = await database.query((knex) =>
    readMessages(
      knex,
      rows.map(({ message }) => Number(message)),
    ),
  )
  const [readable, damaged]: [QueuedRecipient[], RecipientRow[]] = [[], []]
  for (const row of rows) {
    const message = messages.get(Number(row.message))
    const recipient = message && readRecipient(row, message)
    if (recipient === undefined) damaged.push(row)
    else readable.push(recipient)
  }
  if (damaged.length > 0)
    await database.query((knex) =>
      holdDamaged(
        knex,
        damaged.map(({ number }) => Number(number)),
      ),
    )
  return { readable, damaged }
}

async function idsOf(knex: Knex, numbers: readonly number[]): Promise<readonly string[]> {
  const ids = new Set<string>()
  for (let from = 0; from < numbers.length; from += 500)
    for (const id of await knex('queue_messages')
      .whereIn('number', numbers.slice(from, from + 500))
      .pluck('id'))
      ids.add(String(id))
  return [...ids]
}

/** What the last host said tells a sender more than that somebody gave up. */
export function givenUp(recipient: QueuedRecipient): GivenUp {
  const { last } = recipient
  return {
    recipient,
    outcome: last === undefined ? byPostmaster : expired(last),
    lastAttempt: last?.at ?? 'none',
  }
}
