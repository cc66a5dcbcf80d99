import type { Knex } from 'knex'
import {
  type Address,
  addressKey,
  type Clock,
  type Database,
  type DeliveryFlow,
  type Failed,
  formatAddress,
  formatReply,
  MailwrightError,
  type Message,
  notQueued,
  type QueueItem,
  type QueueManagement,
  type QueueSelection,
  reply,
} from 'mailwright'
import type { Changes } from './changes.ts'
import type { Contents } from './contents.ts'
import { deleteIfEmpty, type Farewell } from './farewell.ts'
import { destinationsOf, type Intake, writePrepared } from './intake.ts'
import { joinLanes, readMessages } from './lane-table.ts'
import type { Listing } from './listing.ts'
import { type Delivery, type QueuedRecipient, readMessage, readRecipient } from './queued.ts'
import { deadlineOf, type RetrySchedule } from './retry-schedule.ts'
import { selected } from './selection.ts'
import { type MessageRow, never, type RecipientRow } from './tables.ts'

export interface ManagementSettings {
  readonly database: Database
  readonly listing: Listing
  readonly changes: Changes
  readonly farewell: Farewell
  readonly contents: Contents
  readonly intake: Intake
  readonly delivery: DeliveryFlow
  readonly schedule: RetrySchedule
  readonly clock: Clock
}

const pageSize = 500
const shownRecipients = 1_000
const mostListed = 1_000
const longestReason = 500
const givenUpByPostmaster: Failed = {
  kind: 'failed',
  reply: reply(550, '5.0.0', 'The postmaster has given it up'),
}

/** What a postmaster does, in whatever process. It is written by portions, so that a long queue holds nobody up. */
export class Management implements QueueManagement {
  readonly #settings: ManagementSettings

  constructor(settings: ManagementSettings) {
    this.#settings = settings
  }

  list(selection: QueueSelection = {}, limit: number = mostListed): Promise<readonly QueueItem[]> {
    return this.#settings.listing.list(selection, limit, 100)
  }

  async show(id: string): Promise<QueueItem | undefined> {
    const [item] = await this.#settings.listing.list({ id }, mostListed, shownRecipients)
    return item
  }

  async message(id: string): Promise<Message> {
    const row: MessageRow | undefined = await this.#settings.database.query((knex) =>
      knex('queue_messages')
        .where({ id: id.slice(0, 65) })
        .first('number', 'id', 'envelope', 'arrived_at', 'expires_at', 'size'),
    )
    return row === undefined ? notQueued(id) : this.#settings.farewell.message(readMessage(row))
  }

  statistics(limit = 1_000): ReturnType<QueueManagement['statistics']> {
    return this.#settings.listing.statistics(limit)
  }

  flush(selection: QueueSelection = {}): Promise<number> {
    return this.#change({ ...selection, state: selection.state ?? 'waiting' }, selection.id, (knex, rows) =>
      this.#wake(knex, rows),
    )
  }

  requeue(selection: QueueSelection = {}): Promise<number> {
    return this.#change(
      { ...selection, state: selection.state ?? 'waiting' },
      selection.id,
      async (knex, rows) => {
        const asked = new Set<string>()
        for (const row of rows) {
          const { recipient, parameters } = JSON.parse(row.delivery) as Delivery
          // What an alias made several of becomes one again.
          const same = `${row.message} ${addressKey(recipient)}`
          const one = knex('queue_recipients').where({ number: row.number })
          if (asked.has(same)) await one.delete()
          else
            await one.update({
              delivery: JSON.stringify({ recipient, parameters, target: recipient }),
              destination: ':route',
            })
          asked.add(same)
        }
        const moved = rows.map((row) => ({ ...row, destination: ':route' }))
        await this.#wake(knex, moved)
      },
    )
  }

  hold(selection: QueueSelection, reason = 'held by the postmaster'): Promise<number> {
    const held = { held_at: this.#settings.clock.now(), held_reason: reason.slice(0, longestReason) }
    return this.#change(selection, selection.id, async (knex, rows) => {
      const messages = messagesOf(rows)
      await knex('queue_messages').whereIn('number', messages).whereNull('held_at').update(held)
      await knex('queue_recipients').whereIn('message', messages).update({ due: never, deadline: never })
    })
  }

  release(selection: QueueSelection): Promise<number> {
    return this.#change({ ...selection, state: 'held' }, selection.id, async (knex, rows) => {
      const now = this.#settings.clock.now()
      for (const number of messagesOf(rows)) await this.#release(knex, number, now)
      await this.#wake(knex, rows)
    })
  }

  async remove(selection: QueueSelection): Promise<number> {
    const emptied: { number: number; size: number }[] = []
    const count = await this.#change(selection, selection.id, async (knex, rows) => {
      const numbers = rows.map(({ number }) => number)
      await knex('queue_recipients').whereIn('number', numbers).delete()
      const messages = await readMessages(knex, messagesOf(rows))
      for (const message of messages.values())
        if (await deleteIfEmpty(knex, message.number)) emptied.push(message)
    })
    // Not before it is for good that nobody waits for them.
    for (const message of emptied) await this.#settings.contents.remove(message)
    return count
  }

  async bounce(selection: QueueSelection): Promise<number> {
    const { database, farewell, changes } = this.#settings
    if (!farewell.tells)
      throw new MailwrightError('MAIL_E_UNSUPPORTED', 'no plugin tells senders: add dsn to the config')
    let count = 0
    for (;;) {
      const found = await database.query(async (knex) => {
        const rows: RecipientRow[] = await selected(knex, selection)
          .limit(pageSize)
          .select('queue_recipients.*')
        const messages = await readMessages(knex, messagesOf(rows))
        return Map.groupBy(rows, ({ message }) => messages.get(Number(message)))
      })
      let done = 0
      for (const [message, rows] of found) {
        if (message === undefined) continue
        const told = rows.map((row) => ({ recipient: readRecipient(row, message), outcome: outcomeFor(row) }))
        if (await farewell.giveUp(message, told)) done++
      }
      count += done
      if (done === 0) break
    }
    changes.announce()
    return count === 0 && selection.id !== undefined ? notQueued(selection.id) : count
  }

  async redirect(id: string, from: Address, to: Address): Promise<void> {
    const { database, delivery, intake, clock, changes } = this.#settings
    const rows = await database.query((knex) => this.#recipients(knex, id, from))
    const [first] = rows
    if (first === undefined)
      throw new MailwrightError(
        'MAIL_E_NOT_FOUND',
        `${formatAddress(from)} does not wait for ${id.slice(0, 40)}`,
      )
    const found = await delivery.route({ address: to, original: to })
    if (!found.ok)
      throw new MailwrightError('MAIL_E_INVALID', `${formatAddress(to)}: ${formatReply(found.reply)}`)
    const { parameters } = first.delivery
    const added = found.routes.map((route) => ({
      delivery: { recipient: to, parameters, target: route.address, route },
    }))
    const now = clock.now()
    const messages = [...new Map(rows.map(({ message }) => [message.number, message])).values()]
    const prepared = await Promise.all(
      messages.map((message) => intake.prepareRecipients(message, added, { now })),
    )
    await database.transaction(async (knex) => {
      const numbers = rows.map(({ number }) => number)
      const gone = await knex('queue_recipients').whereIn('number', numbers).delete()
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

  async #recipients(knex: Knex, id: string, address: Address): Promise<readonly QueuedRecipient[]> {
    const rows: RecipientRow[] = await selected(knex, { id, recipient: formatAddress(address) }).select(
      'queue_recipients.*',
    )
    const messages = await readMessages(knex, messagesOf(rows))
    return rows.flatMap((row) => {
      const message = messages.get(Number(row.message))
      return message === undefined ? [] : readRecipient(row, message)
    })
  }

  /** Does something with all recipients that are meant; answers how many messages it were. */
  async #change(
    selection: QueueSelection,
    id: string | undefined,
    apply: (knex: Knex.Transaction, rows: readonly RecipientRow[]) => Promise<void>,
  ): Promise<number> {
    const { database, changes } = this.#settings
    const messages = new Set<number>()
    for (let after = -1; ; ) {
      const rows = await database.transaction(async (knex) => {
        const page: RecipientRow[] = await selected(knex, selection)
          .where('queue_recipients.number', '>', after)
          .orderBy('queue_recipients.number')
          .limit(pageSize)
          .select('queue_recipients.*')
        if (page.length > 0) {
          await apply(knex, page)
          await changes.count(knex)
        }
        return page
      })
      for (const number of messagesOf(rows)) messages.add(number)
      after = Number(rows.at(-1)?.number ?? after)
      if (rows.length < pageSize) break
    }
    if (messages.size === 0 && id !== undefined && (await this.show(id)) === undefined) return notQueued(id)
    changes.announce()
    return messages.size
  }

  async #wake(knex: Knex.Transaction, rows: readonly RecipientRow[]): Promise<void> {
    const due = this.#settings.clock.now()
    const destinations = destinationsOf(rows)
    await knex('queue_recipients')
      .whereIn(
        'number',
        rows.map(({ number }) => number),
      )
      .update({ due })
    await joinLanes(knex, destinations, undefined, due)
    await knex('queue_lanes').whereIn('destination', destinations).update({ due, paused_until: 0 })
  }

  /** It has not got older while it was held. */
  async #release(knex: Knex.Transaction, number: number, now: number): Promise<void> {
    const row: MessageRow | undefined = await knex('queue_messages').where({ number }).first()
    if (row === undefined) return
    const message = readMessage(row)
    const held = row.held_at === null ? 0 : Math.max(0, now - Number(row.held_at))
    const times = { arrivedAt: message.arrivedAt, expiresAt: message.expiresAt + held }
    await knex('queue_messages')
      .where({ number })
      .update({ held_at: null, held_reason: null, expires_at: times.expiresAt })
    for (const warned of [false, true])
      await knex('queue_recipients')
        .where({ message: number, warned })
        .update({ deadline: deadlineOf(this.#settings.schedule, times, warned) })
  }
}

function messagesOf(rows: readonly Pick<RecipientRow, 'message'>[]): readonly number[] {
  return [...new Set(rows.map(({ message }) => Number(message)))]
}

/** What the last host said tells a sender more than that somebody gave up. */
function outcomeFor({ last }: RecipientRow): Failed {
  if (last === null) return givenUpByPostmaster
  const { reply: said, host } = JSON.parse(last)
  return { kind: 'failed', reply: said, cause: 'expired', ...(host === undefined ? {} : { host }) }
}
