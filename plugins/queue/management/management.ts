import type { Knex } from 'knex'
import {
  type Address,
  type Clock,
  type Database,
  type DeliveryFlow,
  firmTransaction,
  type Message,
  notQueued,
  type QueueDistribution,
  type QueueGrouping,
  type QueueItem,
  type QueueManagement,
  type QueueSelection,
  type QueueStatistics,
} from 'mailwright'
import type { Contents } from '../intake/contents.ts'
import { destinationsOf, type Intake } from '../intake/intake.ts'
import { joinLanes } from '../lanes/lane-table.ts'
import { bounce } from '../outcomes/bouncing.ts'
import { askAgain } from '../outcomes/reasking.ts'
import { holdMessages } from '../outcomes/under-way.ts'
import { deleteIfEmpty } from '../reports/emptied.ts'
import type { Farewell } from '../reports/farewell.ts'
import type { Changes } from '../tables/changes.ts'
import type { QueuedMessage } from '../tables/queued.ts'
import { deadlineOf, type RetrySchedule } from '../tables/retry-schedule.ts'
import { type MessageRow, never, type RecipientRow } from '../tables/tables.ts'
import { distribution } from './distribution.ts'
import type { Listing } from './listing.ts'
import { redirect } from './redirection.ts'
import { heldSince, markRouteHolds, routeHolds } from './route-holds.ts'
import { selectedAmong, selectedPages } from './selected-pages.ts'
import { countWaiting } from './statistics.ts'

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

type Emptied = Pick<QueuedMessage, 'number' | 'size'>

/** Changes recipients. Messages that are gone by that are put to `emptied`. */
type Change = (knex: Knex.Transaction, rows: readonly RecipientRow[], emptied: Emptied[]) => Promise<void>

const shownRecipients = 1_000
const mostListed = 1_000
const listedRecipients = 100
const longestReason = 500

/** What a postmaster does, in whatever process. It is written by portions, so that a long queue holds nobody up. */
export class Management implements QueueManagement {
  readonly #settings: ManagementSettings

  constructor(settings: ManagementSettings) {
    this.#settings = settings
  }

  list(
    selection: QueueSelection = {},
    limit: number = mostListed,
    after?: string,
  ): Promise<readonly QueueItem[]> {
    const page = { limit: Math.min(limit, mostListed), recipients: listedRecipients }
    return this.#settings.listing.list(selection, after === undefined ? page : { ...page, after })
  }

  async show(id: string): Promise<QueueItem | undefined> {
    const [item] = await this.#settings.listing.list({ id }, { limit: 1, recipients: shownRecipients })
    return item
  }

  async message(id: string): Promise<Message> {
    const row: MessageRow | undefined = await this.#settings.database.query((knex) =>
      knex('queue_messages')
        .where({ id: id.slice(0, 65) })
        .first('number', 'size'),
    )
    if (row === undefined) return notQueued(id)
    const { number, size } = row
    return this.#settings.farewell.message({ number: Number(number), size: Number(size) })
  }

  statistics(limit = 1_000): Promise<QueueStatistics> {
    const { database, clock } = this.#settings
    return countWaiting(database, clock.now(), { limit })
  }

  distribution(by: QueueGrouping, selection: QueueSelection = {}, limit = 1_000): Promise<QueueDistribution> {
    const { database, clock } = this.#settings
    return distribution(database, { by, selection, now: clock.now() }, limit)
  }

  flush(selection: QueueSelection = {}): Promise<number> {
    return this.#change(selection, (knex, rows) => this.#wake(knex, rows), unlessHeld)
  }

  requeue(selection: QueueSelection = {}): Promise<number> {
    const ask = async (knex: Knex.Transaction, rows: readonly RecipientRow[]): Promise<void> =>
      this.#wake(knex, await askAgain(knex, rows, this.#settings.clock.now()))
    return this.#change(selection, ask, unlessHeld)
  }

  hold(selection: QueueSelection, reason = 'held by the postmaster'): Promise<number> {
    const now = this.#settings.clock.now()
    const held = { held_at: now, held_reason: reason.slice(0, longestReason) }
    return this.#change(selection, async (knex, rows) => {
      const messages = messagesOf(rows)
      const before = await routeHolds(knex, messages)
      await holdMessages(knex, messages, now)
      await markRouteHolds(knex, before)
      for (const [number, held_at] of heldSince(before))
        await knex('queue_messages')
          .where({ number })
          .update({ ...held, held_at })
      await knex('queue_messages').whereIn('number', messages).whereNull('held_at').update(held)
    })
  }

  release(selection: QueueSelection): Promise<number> {
    return this.#change({ ...selection, state: 'held' }, async (knex, rows) => {
      const now = this.#settings.clock.now()
      for (const number of messagesOf(rows)) await this.#release(knex, number, now)
    })
  }

  remove(selection: QueueSelection): Promise<number> {
    return this.#change(selection, async (knex, rows, emptied) => {
      const numbers = rows.map(({ number }) => number)
      await knex('queue_recipients').whereIn('number', numbers).delete()
      const messages = await knex('queue_messages')
        .whereIn('number', messagesOf(rows))
        .select('number', 'size')
      for (const message of messages as Pick<MessageRow, 'number' | 'size'>[]) {
        const number = Number(message.number)
        if (await deleteIfEmpty(knex, number)) emptied.push({ number, size: Number(message.size) })
      }
    })
  }

  async bounce(
    selection: QueueSelection,
    untold?: Parameters<QueueManagement['bounce']>[1],
  ): Promise<number> {
    const messages = await bounce(this.#settings, selection, untold)
    return this.#counted(selection, messages.size)
  }

  redirect(id: string, from: Address, to: Address): Promise<void> {
    return redirect(this.#settings, id, from, to)
  }

  #pages(selection: QueueSelection): AsyncGenerator<readonly number[]> {
    const { database, clock } = this.#settings
    return selectedPages(database, selection, () => clock.now())
  }

  /** Does something with all recipients that are meant; answers how many messages it were. */
  async #change(
    selection: QueueSelection,
    apply: Change,
    restrict: (query: Knex.QueryBuilder) => unknown = () => undefined,
  ): Promise<number> {
    const { database, changes, clock, contents } = this.#settings
    const messages = new Set<number>()
    for await (const numbers of this.#pages(selection)) {
      let rows: readonly RecipientRow[] = []
      const emptied = await firmTransaction(database, async (knex, mayBeMade) => {
        const query = selectedAmong(knex, selection, clock.now(), numbers)
        restrict(query)
        const page: RecipientRow[] = await query
        // What was done without an answer is not selected any more.
        if (page.length > 0 || !mayBeMade) rows = page
        const gone: Emptied[] = []
        if (page.length > 0) {
          await apply(knex, page, gone)
          await changes.count(knex)
        }
        return gone
      })
      // Not before it is for good that nobody waits for them.
      for (const message of emptied) await contents.remove(message)
      for (const number of messagesOf(rows)) messages.add(number)
    }
    changes.announce()
    return this.#counted(selection, messages.size)
  }

  async #counted({ id }: QueueSelection, count: number): Promise<number> {
    return count === 0 && id !== undefined && (await this.show(id)) === undefined ? notQueued(id) : count
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
    await wakeLanes(knex, destinations, due)
  }

  /** All of a message that is held. It has not got older meanwhile. */
  async #release(knex: Knex.Transaction, number: number, now: number): Promise<void> {
    const row: Pick<MessageRow, 'arrived_at' | 'expires_at' | 'held_at'> | undefined = await knex(
      'queue_messages',
    )
      .where({ number })
      .first('arrived_at', 'expires_at', 'held_at')
    if (row === undefined) return
    const holds = await routeHolds(knex, [number])
    await markRouteHolds(knex, holds)
    const since = row.held_at === null ? heldSince(holds).get(number) : Number(row.held_at)
    const heldFor = since === undefined ? 0 : Math.max(0, now - since)
    const times = { arrivedAt: Number(row.arrived_at), expiresAt: Number(row.expires_at) + heldFor }
    await knex('queue_messages')
      .where({ number })
      .update({ held_at: null, held_reason: null, expires_at: times.expiresAt })
    const held = knex('queue_recipients').where({ message: number, due: never, deadline: never })
    const destinations = await held.clone().distinct('destination')
    for (const warned of [false, true])
      await held
        .clone()
        .where({ warned })
        .update({ due: now, deadline: deadlineOf(this.#settings.schedule, times, warned), tried_by: null })
    await wakeLanes(knex, destinationsOf(destinations), now)
  }
}

function unlessHeld(query: Knex.QueryBuilder): void {
  query.where('queue_recipients.due', '<', never)
}

/** Also those that are paused are looked at now. */
async function wakeLanes(knex: Knex, destinations: readonly string[], now: number): Promise<void> {
  await joinLanes(knex, destinations, undefined, now)
  await knex('queue_lanes').whereIn('destination', destinations).update({ due: now, paused_until: 0 })
}

function messagesOf(rows: readonly Pick<RecipientRow, 'message'>[]): readonly number[] {
  return [...new Set(rows.map(({ message }) => Number(message)))]
}
