import type { Knex } from 'knex'
import { type Clock, type Database, errorCode, type Log, type Timer } from 'mailwright'
import type { AllowanceRow, TripletRow } from './tables.ts'

const tidyEvery = 600_000
const rowsAtOnce = 1000
// Clocks of machines differ a little. What was seen later was written by a clock that was ahead.
const clockDifference = 3_600_000

export interface TidyingSurroundings {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly maxTriplets: number
}

/** Deletes what has expired, or would not for years, from time to time. Any number of processes may do it. */
export class Tidying {
  readonly #given: TidyingSurroundings
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()
  #isOver = false

  constructor(given: TidyingSurroundings) {
    this.#given = given
  }

  /** Begins to tidy up; `stop` ends it. */
  start(): void {
    if (this.#isOver) return
    this.#timer = this.#given.clock.after(tidyEvery, () => {
      this.#running = this.#round().finally(() => this.start())
    })
  }

  async stop(): Promise<void> {
    this.#isOver = true
    this.#timer?.cancel()
    await this.#running
  }

  async #round(): Promise<void> {
    const { log } = this.#given
    try {
      await this.tidy()
    } catch (error) {
      if (errorCode(error) === 'MAIL_E_UNAVAILABLE') log.debug('unavailable', { service: 'greylist', error })
      else log.error('internal-error', { error })
    }
  }

  /** Once. Few rows at a time, so that nobody waits for it. */
  async tidy(): Promise<void> {
    const { database, clock, log, maxTriplets } = this.#given
    const now = clock.now()
    while (!this.#isOver && (await this.#deleteExpired(now)) === rowsAtOnce);
    await database.query((knex) =>
      knex<AllowanceRow>('greylist_allowances').where('kind', 'earned').where(isOver(now)).delete(),
    )
    const counted = await database.query((knex) =>
      knex<TripletRow>('greylist_triplets').count({ count: '*' }).first(),
    )
    let excess = Number(counted?.count ?? 0) - maxTriplets
    if (excess <= 0) return
    log.warn('limit-reached', { limit: 'maxTriplets', excess })
    while (!this.#isOver && excess > 0) {
      const deleted = await this.#deleteOldest(Math.min(excess, rowsAtOnce))
      if (deleted === 0) return
      excess -= deleted
    }
  }

  #deleteExpired(now: number): Promise<number> {
    return this.#delete((ids) => ids.where(isOver(now)), rowsAtOnce)
  }

  /** Those that nobody has come back for are worth the least. */
  async #deleteOldest(most: number): Promise<number> {
    const waiting = await this.#delete((ids) => ids.whereNull('passed_at').orderBy('first_seen'), most)
    return waiting > 0 ? waiting : this.#delete((ids) => ids.orderBy('last_seen'), most)
  }

  /** MySQL takes no LIMIT in a subquery: the ids are read first. */
  async #delete(choose: (ids: TripletQuery) => TripletQuery, most: number): Promise<number> {
    const { database } = this.#given
    const found = await database.query((knex) =>
      choose(knex<TripletRow>('greylist_triplets').select('id') as TripletQuery).limit(most),
    )
    if (found.length === 0) return 0
    const ids = found.map(({ id }) => id)
    await database.query((knex) => knex<TripletRow>('greylist_triplets').whereIn('id', ids).delete())
    return ids.length
  }
}

function isOver(now: number): (rows: Knex.QueryBuilder) => void {
  return (rows) => void rows.where('expires_at', '<=', now).orWhere('last_seen', '>', now + clockDifference)
}

type TripletQuery = Knex.QueryBuilder<TripletRow, { id: string }[]>
