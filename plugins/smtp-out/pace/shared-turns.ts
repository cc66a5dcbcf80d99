import { createHash } from 'node:crypto'
import { type Clock, type Database, firmTransaction, type Log, type Migration } from 'mailwright'
import type { MessageRate } from './limit-option.ts'
import { longestPatience, type MessageTurns, nextTurn, type Turn } from './message-turns.ts'

interface TurnsRow {
  /** A digest of the limit and of whom it is counted for. */
  readonly id: string
  /** Milliseconds since 1970: when the turn after all that were taken comes. Numbers may come as texts. */
  readonly next_at: number | string
}

/** Deployed: it never changes. */
export const turnsMigration: Migration = {
  name: '0003-turns',
  async up(knex) {
    if (await knex.schema.hasTable('smtp_out_turns')) return
    await knex.schema.createTable('smtp_out_turns', (table) => {
      table.string('id', 64).primary()
      table.bigInteger('next_at').notNullable().index()
    })
  },
}

const tidyEvery = 3_600_000
const tidiedAtOnce = 200

export interface SharedTurnsSettings {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
}

/** The turns of all processes that share a database, through restarts. Their clocks are taken for equal. */
export class SharedTurns implements MessageTurns {
  readonly #settings: SharedTurnsSettings
  /** What this process knows of the rows, by their ids. */
  readonly #known = new Map<string, number>()
  #tidiedAt = Number.NEGATIVE_INFINITY

  constructor(settings: SharedTurnsSettings) {
    this.#settings = settings
  }

  /** MAIL_E_UNAVAILABLE where the database does not answer: nobody knows then what others have sent. */
  async take(key: string, rate: MessageRate, patience: number): Promise<Turn> {
    this.#tidySometimes()
    const { database, clock } = this.#settings
    const id = createHash('sha256').update(key).digest('hex')
    // First by itself, so that nobody waits for another one's new row with a lock in hand.
    await database.query((knex) =>
      knex<TurnsRow>('smtp_out_turns').insert({ id, next_at: 0 }).onConflict('id').ignore(),
    )
    let othersToo = false
    let taken: { readonly next: number; readonly own: Turn } | undefined
    const turn = await firmTransaction(database, async (knex, mayBeMade) => {
      const row = await knex<TurnsRow>('smtp_out_turns').where({ id }).forUpdate().first()
      const now = clock.now()
      const stored = Number(row?.next_at ?? 0)
      // It was taken, without an answer, and nobody has taken another one since.
      if (mayBeMade && taken?.next === stored) return taken.own
      const before = Math.min(stored, latest(now, rate, patience))
      const { next: exact, ...own } = nextTurn(before, now, rate, patience)
      const next = Math.ceil(exact)
      // Here they come in the order of the row's locks; the answers need not.
      othersToo ||= before > (this.#known.get(id) ?? now)
      this.#known.set(id, next)
      // Somebody who tidies may have deleted it meanwhile.
      if (own.isTaken || before < stored)
        await knex<TurnsRow>('smtp_out_turns').insert({ id, next_at: next }).onConflict('id').merge()
      taken = own.isTaken ? { next, own } : undefined
      return own
    })
    return othersToo ? { ...turn, othersToo } : turn
  }

  /** Nobody waits for it: what is over says no more than what is not there. */
  #tidySometimes(): void {
    const { clock, log } = this.#settings
    const now = clock.monotonic()
    if (now - this.#tidiedAt < tidyEvery) return
    this.#tidiedAt = now
    const before = clock.now() - tidyEvery
    for (const [id, next] of this.#known) if (next < before) this.#known.delete(id)
    void this.#tidy(before).catch((error: unknown) => log.debug('unavailable', { error }))
  }

  /** By their keys and a few at a time, so that no turn's transaction waits for long, or in a circle. */
  async #tidy(before: number): Promise<void> {
    const { database } = this.#settings
    for (;;) {
      const over = await database.query((knex) =>
        knex<TurnsRow>('smtp_out_turns').where('next_at', '<', before).limit(tidiedAtOnce).pluck('id'),
      )
      for (const id of over)
        await database.query((knex) =>
          knex<TurnsRow>('smtp_out_turns').where({ id }).where('next_at', '<', before).delete(),
        )
      if (over.length < tidiedAtOnce) return
    }
  }
}

/** No turn beyond it is ever taken with this limit: a later one is of a clock that was ahead, or of a slower limit. */
function latest(now: number, { interval, burst }: MessageRate, patience: number): number {
  return Math.ceil(now + Math.max(patience, longestPatience) + burst * interval)
}
