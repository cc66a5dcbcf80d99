import { createHash } from 'node:crypto'
import type { Clock, Database, Migration } from 'mailwright'
import type { MessageRate } from './limit-option.ts'
import { type MessageTurns, nextTurn, type Turn } from './message-turns.ts'

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

/** The turns of all processes that share a database, through restarts. Their clocks are taken for equal. */
export class SharedTurns implements MessageTurns {
  readonly #database: Database
  readonly #clock: Clock
  #tidiedAt = Number.NEGATIVE_INFINITY

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** MAIL_E_UNAVAILABLE where the database does not answer: nobody knows then what others have sent. */
  async take(key: string, rate: MessageRate, patience: number): Promise<Turn> {
    await this.#tidy()
    const id = createHash('sha256').update(key).digest('hex')
    // First by itself, so that nobody waits for another one's new row with a lock in hand.
    await this.#database.query((knex) =>
      knex<TurnsRow>('smtp_out_turns').insert({ id, next_at: 0 }).onConflict('id').ignore(),
    )
    return this.#database.transaction(async (knex) => {
      const row = await knex<TurnsRow>('smtp_out_turns').where({ id }).forUpdate().first()
      const { next, ...turn } = nextTurn(Number(row?.next_at ?? 0), this.#clock.now(), rate, patience)
      if (turn.isTaken)
        await knex<TurnsRow>('smtp_out_turns')
          .where({ id })
          .update({ next_at: Math.ceil(next) })
      return turn
    })
  }

  /** What is over says no more than what is not there. */
  async #tidy(): Promise<void> {
    const now = this.#clock.monotonic()
    if (now - this.#tidiedAt < tidyEvery) return
    this.#tidiedAt = now
    const over = this.#clock.now() - tidyEvery
    await this.#database.query((knex) =>
      knex<TurnsRow>('smtp_out_turns').where('next_at', '<', over).delete(),
    )
  }
}
