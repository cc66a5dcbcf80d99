import {
  type Clock,
  type Database,
  type Failed,
  MailwrightError,
  type QueueSelection,
  reply,
} from 'mailwright'
import type { Changes } from './changes.ts'
import { isGone } from './contents.ts'
import type { Farewell } from './farewell.ts'
import { firmTransaction } from './firm-transaction.ts'
import { readMessages } from './lane-loading.ts'
import { expired } from './outcomes.ts'
import { type QueuedMessage, type QueuedRecipient, readRecipient } from './queued.ts'
import { selectedAmong, selectedPages } from './selected-pages.ts'
import { never, type RecipientRow } from './tables.ts'
import { underWay } from './under-way.ts'

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
 * numbers of the messages.
 */
export async function bounce(
  settings: BouncingSettings,
  selection: QueueSelection,
): Promise<ReadonlySet<number>> {
  const { database, farewell, changes, clock } = settings
  if (!farewell.tells)
    throw new MailwrightError('MAIL_E_UNSUPPORTED', 'no plugin tells senders: add dsn to the config')
  const messages = new Set<number>()
  for await (const numbers of selectedPages(database, selection, () => clock.now())) {
    const { rows, free } = await firmTransaction(database, async (knex) => {
      const now = clock.now()
      const page: RecipientRow[] = await selectedAmong(knex, selection, now, numbers)
      const tried = new Set(await underWay(knex, page, { now, paused: true }))
      const marked = knex('queue_recipients').whereIn(
        'number',
        page.map(({ number }) => number),
      )
      if (page.length > 0) {
        await marked.update({ due: never, deadline: now })
        await changes.count(knex)
      }
      return { rows: page, free: page.filter((row) => !tried.has(row)) }
    })
    for (const { message } of rows) messages.add(Number(message))
    await giveUp(settings, free)
  }
  await farewell.tell([...messages])
  changes.announce()
  return messages
}

async function giveUp(
  { database, farewell }: BouncingSettings,
  rows: readonly RecipientRow[],
): Promise<void> {
  const found = await database.query((knex) =>
    readMessages(
      knex,
      rows.map(({ message }) => Number(message)),
    ),
  )
  for (const [number, own] of Map.groupBy(rows, ({ message }) => Number(message))) {
    const message = found.get(number)
    if (message !== undefined) await giveUpOne(farewell, message, own)
  }
}

async function giveUpOne(
  farewell: Farewell,
  message: QueuedMessage,
  rows: readonly RecipientRow[],
): Promise<void> {
  const recipients = rows.flatMap((row) => readRecipient(row, message) ?? [])
  if (recipients.length === 0) return
  try {
    await farewell.giveUp(message, recipients.map(givenUp), { goesOn: true })
  } catch (error) {
    if (!isGone(error)) throw error
    await farewell.hold(recipients)
  }
}

/** What the last host said tells a sender more than that somebody gave up. */
export function givenUp(recipient: QueuedRecipient): { recipient: QueuedRecipient; outcome: Failed } {
  const { last } = recipient
  return { recipient, outcome: last === undefined ? byPostmaster : expired(last) }
}
