import type { Knex } from 'knex'
import {
  type Address,
  type Clock,
  type Database,
  type DeliveryFlow,
  firmTransaction,
  formatAddress,
  formatReply,
  MailwrightError,
  parametersForEach,
  type QueueSelection,
} from 'mailwright'
import { destinationsOf, type Intake, isWritten, writePrepared } from '../intake/intake.ts'
import { readMessages } from '../lanes/lane-loading.ts'
import { joinLanes } from '../lanes/lane-table.ts'
import { isHeld, lockUnderWay } from '../outcomes/under-way.ts'
import type { Changes } from '../tables/changes.ts'
import { type LastAttempt, type QueuedRecipient, readRecipient, withVariants } from '../tables/queued.ts'
import { searchedAddress } from '../tables/searched-address.ts'
import { type MessageRow, never, type RecipientRow } from '../tables/tables.ts'
import { selected } from './selection.ts'

export interface RedirectionSettings {
  readonly database: Database
  readonly delivery: DeliveryFlow
  readonly intake: Intake
  readonly clock: Clock
  readonly changes: Changes
}

interface RedirectedRecipient extends QueuedRecipient {
  readonly held: boolean
  /** The attempt that its route has held it by. */
  readonly routeHold: LastAttempt | undefined
}

/**
 * Puts another address in the place of a recipient. MAIL_E_NOT_FOUND; MAIL_E_INVALID where nothing leads there; MAIL_E_IN_USE while the
 * recipient may be being tried, since both would get the message.
 */
export async function redirect(
  { database, delivery, intake, clock, changes }: RedirectionSettings,
  id: string,
  from: Address,
  to: Address,
): Promise<void> {
  const found = await database.query((knex) =>
    recipientsOf(knex, { id, recipient: formatAddress(from) }, clock.now()),
  )
  const rows = meant(found, from)
  const [first] = rows
  if (first === undefined)
    throw new MailwrightError(
      'MAIL_E_NOT_FOUND',
      `${formatAddress(from)} does not wait for ${id.slice(0, 40)}`,
    )
  const routed = await delivery.route({ address: to, original: to })
  if (!routed.ok)
    throw new MailwrightError('MAIL_E_INVALID', `${formatAddress(to)}: ${formatReply(routed.reply)}`)
  const { held, routeHold } = first
  const parameters = parametersForEach(first.delivery.parameters, routed.routes.length)
  const deliveries = routed.routes.map((route) => ({
    recipient: to,
    parameters,
    target: route.address,
    route,
  }))
  const added = withVariants(deliveries).map((delivery) => ({
    delivery,
    ...(routeHold && { last: routeHold }),
  }))
  const now = clock.now()
  const messages = [...new Map(rows.map(({ message }) => [message.number, message])).values()]
  const prepared = await Promise.all(
    messages.map((message) => intake.prepareRecipients(message, added, { now, held })),
  )
  await firmTransaction(database, async (knex, mayBeMade) => {
    if (mayBeMade && (await isWritten(knex, prepared))) return
    const numbers = rows.map(({ number }) => number)
    const isUnderWay = await lockUnderWay(knex, rows, { now: clock.now(), paused: false, database })
    const present: RecipientRow[] = await knex('queue_recipients').whereIn('number', numbers).forUpdate()
    if (present.some(isUnderWay))
      throw new MailwrightError(
        'MAIL_E_IN_USE',
        `${formatAddress(from)} is being tried at the moment: hold the message, and redirect it when that attempt is over`,
      )
    const gone = await removeUnchanged(knex, rows)
    if (gone !== numbers.length)
      throw new MailwrightError('MAIL_E_IN_USE', `${id.slice(0, 40)} was changed meanwhile`)
    for (const one of prepared) {
      await writePrepared(knex, one)
      await joinLanes(knex, destinationsOf(one.recipients), undefined, now)
    }
    await changes.count(knex)
  })
  changes.announce()
}

/** Leaves who was held or released since: what is to take his place does not know it. Answers how many are gone. */
async function removeUnchanged(knex: Knex, rows: readonly RedirectedRecipient[]): Promise<number> {
  const numbersOf = (wanted: boolean) =>
    rows.filter(({ held }) => held === wanted).map(({ number }) => number)
  const held = await knex('queue_recipients')
    .whereIn('number', numbersOf(true))
    .where({ due: never, deadline: never })
    .delete()
  const others = await knex('queue_recipients')
    .whereIn('number', numbersOf(false))
    .where((row) => row.whereNot('due', never).orWhereNot('deadline', never))
    .delete()
  return held + others
}

/** Of an alias that leads to several one has to say which: else one address would take the place of all. */
function meant<Some extends QueuedRecipient>(found: readonly Some[], from: Address): readonly Some[] {
  const isFrom = (address: Address): boolean => searchedAddress(address) === searchedAddress(from)
  const named = found.filter(({ delivery }) => isFrom(delivery.recipient))
  const led = found.filter(({ delivery }) => isFrom(delivery.target))
  const [exact] = [named.filter((one) => led.includes(one)), led].filter(({ length }) => length > 0)
  if (exact !== undefined) return exact
  const targets = new Set(named.map(({ delivery }) => formatAddress(delivery.target)))
  if (targets.size > 1)
    throw new MailwrightError(
      'MAIL_E_INVALID',
      `${formatAddress(from)} leads to several; say which: ${[...targets].join(', ').slice(0, 1_000)}`,
    )
  return named
}

async function recipientsOf(
  knex: Knex,
  selection: QueueSelection,
  now: number,
): Promise<readonly RedirectedRecipient[]> {
  const rows: (RecipientRow & Pick<MessageRow, 'held_at'>)[] = await selected(knex, selection, now).select(
    'queue_recipients.*',
    'queue_messages.held_at',
  )
  const numbers = rows.map(({ message }) => Number(message))
  const messages = await readMessages(knex, numbers)
  return rows.flatMap((row) => {
    const message = messages.get(Number(row.message))
    const recipient = message && readRecipient(row, message)
    if (recipient === undefined) return []
    const held = isHeld(row)
    const { last } = recipient
    // Since when it has been held stands nowhere else.
    const routeHold = held && row.held_at === null && last ? { ...last, held: true } : undefined
    return { ...recipient, held, routeHold }
  })
}
