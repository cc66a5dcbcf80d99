import type { Knex } from 'knex'
import { type Clock, type Database, errorCode } from 'mailwright'
import type { GreylistingOptions } from './options.ts'
import type { TripletRow } from './tables.ts'
import type { Triplet } from './triplet.ts'

/** What became of an attempt. */
export type Attempt =
  /** It has to come back after so many milliseconds. */
  | { readonly kind: 'wait'; readonly milliseconds: number }
  /** It has come back, for the first time, so long after its first attempt. */
  | { readonly kind: 'returned'; readonly milliseconds: number }
  | { readonly kind: 'known' }

// What is known is not written down again before.
const writeEvery = 3_600_000

const known: Attempt = { kind: 'known' }

/** Triplets that have been seen. Several processes may ask about one at the same time. */
export class Triplets {
  readonly #database: Database
  readonly #clock: Clock
  readonly #options: Pick<GreylistingOptions, 'delay' | 'retryWindow' | 'maxAge'>

  constructor(
    database: Database,
    clock: Clock,
    options: Pick<GreylistingOptions, 'delay' | 'retryWindow' | 'maxAge'>,
  ) {
    this.#database = database
    this.#clock = clock
    this.#options = options
  }

  /** Notes an attempt. MAIL_E_UNAVAILABLE where the database does not answer. */
  async attempted(triplet: Triplet): Promise<Attempt> {
    const now = this.#clock.now()
    const row = await this.#database.query((knex) => rows(knex, triplet.id).first())
    if (row === undefined || isOver(row, now)) return this.#begin(triplet, now, row !== undefined)
    if (row.passed_at !== null) {
      if (Math.abs(now - Number(row.last_seen)) >= writeEvery) await this.#passed(triplet.id, now, {})
      return known
    }
    const waited = now - Number(row.first_seen)
    const { delay } = this.#options
    if (waited < delay) return { kind: 'wait', milliseconds: Math.min(delay, delay - waited) }
    const isFirst = await this.#passed(triplet.id, now, { passed_at: now })
    return isFirst ? { kind: 'returned', milliseconds: waited } : known
  }

  async #begin({ id, network, sender, recipient }: Triplet, now: number, isOld: boolean): Promise<Attempt> {
    const { delay, retryWindow } = this.#options
    const times = { first_seen: now, passed_at: null, last_seen: now, expires_at: now + retryWindow }
    if (isOld)
      await this.#database.query((knex) =>
        rows(knex, id)
          .where((over) => void over.where('expires_at', '<=', now).orWhere('first_seen', '>', now))
          .update(times),
      )
    else
      await unlessThere(
        this.#database.query((knex) =>
          knex<TripletRow>('greylist_triplets').insert({ id, network, sender, recipient, ...times }),
        ),
      )
    return { kind: 'wait', milliseconds: delay }
  }

  /** False where another process was quicker to let it pass. */
  async #passed(id: string, now: number, first: { passed_at?: number }): Promise<boolean> {
    const changed = { ...first, last_seen: now, expires_at: now + this.#options.maxAge }
    const count = await this.#database.query((knex) => {
      const row = rows(knex, id)
      return (first.passed_at === undefined ? row : row.whereNull('passed_at')).update(changed)
    })
    return count > 0
  }
}

/** Also where a clock that was ahead has begun it: nobody may have to wait until then. */
function isOver({ expires_at, first_seen, passed_at }: TripletRow, now: number): boolean {
  return Number(expires_at) <= now || (passed_at === null && Number(first_seen) > now)
}

function rows(knex: Knex, id: string): Knex.QueryBuilder<TripletRow> {
  return knex<TripletRow>('greylist_triplets').where({ id })
}

/** Whoever loses a race to make a row has what he wanted. */
export async function unlessThere(insertion: Promise<unknown>): Promise<void> {
  try {
    await insertion
  } catch (error) {
    if (errorCode(error) !== 'MAIL_E_EXISTS') throw error
  }
}
