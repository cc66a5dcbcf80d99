import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import {
  type Account,
  type Clock,
  caseless,
  type Database,
  errorCode,
  formatAddress,
  type Log,
  type Migration,
  parseAddress,
} from 'mailwright'
import { longestWait, type MemoryCounts } from './memory-counts.ts'
import type { Rate } from './rate.ts'
import { countAt, type WindowCount } from './window-count.ts'

/** What an account has sent, in the two last windows of one rate. */
export interface RateCountRow {
  /** See `rowId`. */
  readonly id: string
  /** The account's address for people, see `accountName`. */
  readonly account: string
  readonly what: 'messages' | 'recipients'
  /** Milliseconds, as are all times here. Some drivers give big integers as texts. */
  readonly per: number | string
  readonly started_at: number | string
  readonly current_count: number
  readonly previous_count: number
}

/** Deployed: it never changes. */
export const rateCountsMigration: Migration = {
  name: '0001-rate-counts',
  async up(knex) {
    if (await knex.schema.hasTable('rate_counts')) return
    await knex.schema.createTable('rate_counts', (table) => {
      table.string('id', 64).primary()
      table.string('account', 400).notNullable().index()
      table.string('what', 16).notNullable()
      table.bigInteger('per').notNullable()
      table.bigInteger('started_at').notNullable().index()
      table.integer('current_count').notNullable()
      table.integer('previous_count').notNullable()
    })
  },
}

/** Whoever loses a race to make a row finds it there the next time. */
const attempts = 3

/**
 * Counts what accounts send: in a table that all processes share where there is one, else, and while it is away, in the
 * memory of this one.
 */
export class AccountCounts {
  readonly #database: Database | undefined
  readonly #memory: MemoryCounts
  readonly #clock: Clock
  readonly #log: Log
  #isFailing = false

  constructor(
    database: Database | undefined,
    memory: MemoryCounts,
    { clock, log }: { clock: Clock; log: Log },
  ) {
    this.#database = database
    this.#memory = memory
    this.#clock = clock
    this.#log = log
  }

  /** Counts one more, where all rates have room for it; else answers how long that takes, in milliseconds. */
  async take(account: Account, what: RateCountRow['what'], rates: readonly Rate[]): Promise<number> {
    if (rates.length === 0) return 0
    const shared = this.#database && (await this.#takeShared(this.#database, account, what, rates))
    return shared ?? this.#memory.take(`account ${what} ${account.id}`, rates)
  }

  /** Undefined where the table cannot be had. */
  async #takeShared(
    database: Database,
    account: Account,
    what: RateCountRow['what'],
    rates: readonly Rate[],
  ): Promise<number | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        const wait = await database.transaction((transaction) =>
          takeRows(transaction, account, what, rates, this.#clock.now()),
        )
        if (this.#isFailing) this.#log.warn('recovered', { service: 'database' })
        this.#isFailing = false
        return wait
      } catch (error) {
        if (errorCode(error) === 'MAIL_E_EXISTS' && attempt < attempts) continue
        if (!this.#isFailing) this.#log.error('unavailable', { service: 'database', error })
        this.#isFailing = true
        return undefined
      }
    }
  }

  /** Removes what no window of these rates reaches any more, and what a clock wrote that was ahead. */
  async clean(rates: readonly Rate[]): Promise<void> {
    const longest = Math.max(0, ...rates.map(({ per }) => per))
    await this.#database?.query((knex) =>
      knex<RateCountRow>('rate_counts')
        .where('started_at', '<', this.#clock.now() - 2 * longest)
        .orWhereRaw('started_at - per > ?', [this.#clock.now()])
        .delete(),
    )
  }
}

async function takeRows(
  transaction: Knex.Transaction,
  account: Account,
  what: RateCountRow['what'],
  rates: readonly Rate[],
  now: number,
): Promise<number> {
  const ids = rates.map((rate) => rowId(account, what, rate))
  const rows = await transaction<RateCountRow>('rate_counts')
    .whereIn('id', ids)
    .orderBy('id')
    .forUpdate()
    .select()
  const known = new Map(rows.map((row) => [row.id, countOf(row)]))
  const counts = rates.map((rate, index) => countAt(known.get(ids[index] ?? ''), rate, now))
  const wait = longestWait(rates, counts, now)
  if (wait > 0) return wait
  for (const [index, id] of ids.entries()) {
    const { startedAt, current, previous } = counts[index] ?? countAt(undefined, { most: 1, per: 1000 }, now)
    const columns = { started_at: startedAt, current_count: current + 1, previous_count: previous }
    if (known.has(id)) await transaction<RateCountRow>('rate_counts').where({ id }).update(columns)
    else
      await transaction<RateCountRow>('rate_counts').insert({
        id,
        account: accountName(formatAddress(account.address)),
        what,
        per: rates[index]?.per ?? 0,
        ...columns,
      })
  }
  return 0
}

/** One row for each length: a rate whose number was changed in the config goes on with what was counted. */
function rowId({ id }: Account, what: string, { per }: Rate): string {
  return createHash('sha256').update(`${what} ${per} ${id}`).digest('hex')
}

export function countOf(row: RateCountRow): WindowCount {
  return { startedAt: Number(row.started_at), current: row.current_count, previous: row.previous_count }
}

/** The spelling under which an account is found in the table. */
export function accountName(address: string): string {
  const parsed = parseAddress(address)
  const text = parsed === undefined ? address : formatAddress(parsed)
  return caseless(text).slice(0, 400)
}
