import type { Knex } from 'knex'
import { type Clock, type Database, firmTransaction, type Log, type Timer } from 'mailwright'
import type { HolderRow } from '../tables/tables.ts'
import { hasEnded, leaseDuration, newHolderId } from './holder-id.ts'

const renewals = 4

/**
 * This process among those that share the queue: it holds destinations for as long as it says that it lives. The nodes' clocks must
 * not differ by more than a part of {@link leaseDuration}.
 */
export class Holder {
  readonly id: string = newHolderId()
  readonly #database: Database
  readonly #clock: Clock
  readonly #log: Log
  #heldUntil = Number.NEGATIVE_INFINITY
  #trustsOthersUntil = Number.NEGATIVE_INFINITY
  #onLapse: () => void = () => undefined
  #timer: Timer | undefined
  #stopped = false

  constructor(database: Database, clock: Clock, log: Log) {
    this.#database = database
    this.#clock = clock
    this.#log = log
  }

  /** Whether what it holds is surely still its own. */
  get isAlive(): boolean {
    return this.#clock.monotonic() < this.#heldUntil
  }

  /** Begins to live. Calls back when it has not said so for too long, so that others may hold what it held. MAIL_E_UNAVAILABLE. */
  async start(onLapse: () => void = () => undefined): Promise<void> {
    await this.#renew()
    this.#onLapse = onLapse
    this.#schedule()
  }

  /** Leaves everything to others. Does not fail: the lease ends by itself. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    this.#heldUntil = Number.NEGATIVE_INFINITY
    await this.#database
      .transaction(async (knex) => {
        await knex('queue_holders').where({ id: this.id }).delete()
        await freeLanes(knex, [this.id], this.#clock.now())
        await knex('queue_recipients').where({ tried_by: this.id }).update({ tried_by: null })
      })
      .catch((error: unknown) => this.#log.warn('unavailable', { error }))
  }

  /** Frees what processes held that do not live any more. */
  async buryOthers(): Promise<void> {
    const now = this.#clock.now()
    // Where the database was away, the others could not say that they live either.
    const trusts = this.#clock.monotonic() < this.#trustsOthersUntil
    await firmTransaction(this.#database, async (knex) => {
      // Whoever is saying that it lives comes first.
      const holders = await knex<HolderRow>('queue_holders').forUpdate().select()
      const living = holders.filter(
        (holder) => (trusts || Number(holder.expires_at) >= now) && !hasEnded(holder, this.#database),
      )
      const names = living.map(({ id }) => id)
      const owners = await knex('queue_lanes')
        .distinct('owner')
        .whereNotIn('owner', ['', ...names])
      await freeLanes(
        knex,
        owners.map(({ owner }: { owner: string }) => owner),
        now,
      )
      await knex('queue_recipients')
        .whereNotNull('tried_by')
        .whereNotIn('tried_by', names)
        .update({ tried_by: null })
      if (names.length < holders.length) await knex('queue_holders').whereNotIn('id', names).delete()
    })
  }

  /** The same as soon as one of this machine has ended: nobody waits for the end of its lease. */
  async buryEnded(): Promise<void> {
    const holders = await this.#database.query((knex) =>
      knex<HolderRow>('queue_holders').select('id', 'expires_at'),
    )
    if (holders.some((holder) => hasEnded(holder, this.#database))) await this.buryOthers()
  }

  #schedule(): void {
    this.#timer = this.#clock.after(leaseDuration / renewals, () => {
      void this.#renew()
        .catch((error: unknown) => this.#log.warn('unavailable', { error }))
        .finally(() => {
          if (!this.#stopped) this.#schedule()
        })
    })
  }

  async #renew(): Promise<void> {
    const asked = this.#clock.monotonic()
    const expires_at = this.#clock.now() + leaseDuration
    // What was put there without an answer is found there the second time.
    let wasThere = true
    await firmTransaction(this.#database, async (knex) => {
      if ((await knex('queue_holders').where({ id: this.id }).update({ expires_at })) > 0) return
      wasThere = false
      await knex('queue_holders').insert({ id: this.id, expires_at, clears_tried: true })
    })
    const isFirst = this.#heldUntil === Number.NEGATIVE_INFINITY
    if (!isFirst && (!wasThere || !this.isAlive)) {
      this.#heldUntil = asked
      await this.#lapsed()
    }
    // A part of the time is left for clocks that differ, and for what is under way.
    this.#heldUntil = asked + (leaseDuration * 3) / renewals
  }

  /** What it held is looked at again, by whoever holds it now. */
  async #lapsed(): Promise<void> {
    const now = this.#clock.now()
    await firmTransaction(this.#database, async (knex) => {
      await knex('queue_lanes')
        .where({ owner: this.id })
        .where('paused_until', '<=', now)
        .update({ due: now })
    })
    this.#trustsOthersUntil = this.#clock.monotonic() + leaseDuration
    this.#onLapse()
  }
}

async function freeLanes(knex: Knex, owners: readonly string[], now: number): Promise<void> {
  if (owners.length === 0) return
  await knex('queue_lanes')
    .whereIn('owner', owners)
    .update({
      owner: '',
      due: knex.raw('case when paused_until > ? then paused_until else ? end', [now, now]),
    })
}
