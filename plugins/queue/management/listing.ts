import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Knex } from 'knex'
import { type Database, MailwrightError, type QueueItem, type QueueSelection } from 'mailwright'
import { type MessageRow, never, withoutContent } from '../tables/tables.ts'
import { itemsOf } from './queue-items.ts'
import { fewMessages, selectedMessages } from './selection.ts'

/** Of a message in the order of the list: by arrival, and by number where that is the same. */
interface Place {
  readonly arrivedAt: number
  readonly number: number
}

/** A part of the list, and where the next one begins; undefined where there is none. */
interface Portion {
  readonly rows: readonly MessageRow[]
  readonly next: Place | undefined
}

/** Messages that are looked at in one go, in search of those that are meant: nobody waits longer meanwhile. */
const lookedAtOnce = 1_000
/** Messages that are read in one go. */
const readAtOnce = 250
/** Parts of one page's messages. */
const mostVariants = 10_000

/** What waits, as postmasters see it. */
export class Listing {
  readonly #database: Database
  readonly #now: () => number

  /** `now`: milliseconds since 1970. */
  constructor(database: Database, now: () => number) {
    this.#database = database
    this.#now = now
  }

  /** Messages, oldest first, from a place on, each with up to so many recipients. MAIL_E_INVALID for what is no place. */
  async list(
    selection: QueueSelection,
    {
      limit,
      recipients,
      after,
    }: { readonly limit: number; readonly recipients: number; readonly after?: string },
  ): Promise<readonly QueueItem[]> {
    const items: QueueItem[] = []
    const narrow = await this.#database.query((knex) => fewMessages(knex, selection))
    let place: Place | undefined = after === undefined ? beginningOf(selection) : readPlace(after)
    while (place !== undefined && items.length < limit) {
      const from: Place = place
      const most = Math.min(limit - items.length, readAtOnce)
      const { rows, next } = await this.#database.query((knex) =>
        this.#portion(knex, selection, { narrow, from, most }),
      )
      items.push(...(await itemsOf(this.#database, rows, { most: recipients, now: this.#now() })))
      place = next
      await nextTurn()
    }
    return items
  }

  /** Looks a bit further. What has conditions without an index may find nothing there. */
  async #portion(
    knex: Knex,
    selection: QueueSelection,
    {
      narrow,
      from,
      most,
    }: { readonly narrow: readonly number[] | undefined; readonly from: Place; readonly most: number },
  ): Promise<Portion> {
    const end = narrow === undefined ? await endOf(knex, selection, from) : never
    const query = selectedMessages(knex, selection, this.#now())
      .where('arrived_at', '>=', from.arrivedAt)
      .where('arrived_at', '<=', end)
      .where((later) =>
        later.where('arrived_at', '>', from.arrivedAt).orWhere('queue_messages.number', '>', from.number),
      )
    if (narrow !== undefined) query.whereIn('queue_messages.number', narrow)
    const rows: MessageRow[] = await query
      .orderBy('arrived_at')
      .orderBy('queue_messages.number')
      .limit(most)
      .select(...withoutContent)
    const whole = await this.#whole(knex, selection, rows, from)
    const last = rows.at(-1)
    if (last !== undefined && rows.length === most) return { rows: whole, next: placeOf(last) }
    return { rows: whole, next: end === never ? undefined : { arrivedAt: end, number: never } }
  }

  /** Variants of one transaction are one message: all are where the first is, and nowhere else. */
  async #whole(
    knex: Knex,
    selection: QueueSelection,
    rows: readonly MessageRow[],
    from: Place,
  ): Promise<readonly MessageRow[]> {
    if (rows.length === 0) return []
    const ids = [...new Set(rows.map(({ id }) => id))]
    const variants: MessageRow[] = await selectedMessages(knex, selection, this.#now())
      .whereIn('queue_messages.id', ids)
      .orderBy('arrived_at')
      .orderBy('queue_messages.number')
      .limit(mostVariants)
      .select(...withoutContent)
    const earlier = new Set(variants.filter((row) => !isAfter(placeOf(row), from)).map(({ id }) => id))
    return variants.filter(({ id }) => !earlier.has(id))
  }
}

/** Until when is looked: with the messages of a moment all together, so that an index alone tells. */
async function endOf(knex: Knex, { arrivedBefore }: QueueSelection, from: Place): Promise<number> {
  if (arrivedBefore !== undefined && from.arrivedAt >= arrivedBefore.getTime()) return never
  const row: Pick<MessageRow, 'arrived_at'> | undefined = await knex('queue_messages')
    .where('arrived_at', '>', from.arrivedAt)
    .orderBy('arrived_at')
    .offset(lookedAtOnce - 1)
    .first('arrived_at')
  return row === undefined ? never : Number(row.arrived_at)
}

function beginningOf({ arrivedSince }: QueueSelection): Place {
  return { arrivedAt: arrivedSince?.getTime() ?? 0, number: -1 }
}

function placeOf({ arrived_at, number }: MessageRow): Place {
  return { arrivedAt: Number(arrived_at), number: Number(number) }
}

function isAfter(one: Place, other: Place): boolean {
  return one.arrivedAt > other.arrivedAt || (one.arrivedAt === other.arrivedAt && one.number > other.number)
}

function readPlace(text: string): Place {
  const [, arrivedAt, number] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? []
  if (arrivedAt === undefined || number === undefined)
    throw new MailwrightError(
      'MAIL_E_INVALID',
      `${JSON.stringify(text.slice(0, 40))} is no place in the list`,
    )
  return { arrivedAt: Number(arrivedAt), number: Number(number) }
}
