import { createHash } from 'node:crypto'
import { type Clock, type Database, errorCode } from 'mailwright'
import type { SentReportRow } from './tables.ts'

/** Milliseconds that others leave it to a process that says nothing any more. */
const lease = 30 * 60_000
const never = Number.MAX_SAFE_INTEGER

/** The sending of all reports of one day, which one process does at a time: a row says until when it is taken. */
export class DayRun {
  readonly #database: Database
  readonly #clock: Clock
  readonly #day: string
  readonly #id: string
  #until = 0

  constructor(database: Database, clock: Clock, day: string) {
    this.#database = database
    this.#clock = clock
    this.#day = day
    this.#id = createHash('sha256')
      .update(JSON.stringify([day]))
      .digest('hex')
  }

  /** False where another process is at it, where nothing is left to send, or where it is too early to try again. */
  async claim(): Promise<boolean> {
    const now = this.#clock.now()
    const row = { id: this.#id, day: this.#day, sent_at: now + lease }
    try {
      await this.#database.query((knex) => knex<SentReportRow>('smtp_out_sent_reports').insert(row))
      this.#until = row.sent_at
      return true
    } catch (error) {
      if (errorCode(error) !== 'MAIL_E_EXISTS') throw error
    }
    const [known] = await this.#database.query(async (knex) =>
      knex<SentReportRow>('smtp_out_sent_reports').where({ id: this.#id }).select('sent_at'),
    )
    this.#until = Number(known?.sent_at ?? never)
    return this.#until <= now && (await this.#set(now + lease))
  }

  /** False where it took so long that another process has taken it. */
  async goesOn(): Promise<boolean> {
    const now = this.#clock.now()
    return this.#until - now > lease / 2 || (await this.#set(now + lease))
  }

  /** Nothing is left. */
  async finish(): Promise<void> {
    await this.#set(never)
  }

  /** Something is left, for whoever looks after so many milliseconds. */
  async leave(milliseconds: number): Promise<void> {
    await this.#set(Math.round(this.#clock.now() + milliseconds))
  }

  /** False where another process has set it meanwhile. */
  async #set(until: number): Promise<boolean> {
    const changed = await this.#database.query((knex) =>
      knex<SentReportRow>('smtp_out_sent_reports')
        .where({ id: this.#id, sent_at: this.#until })
        .update({ sent_at: until }),
    )
    if (changed > 0) this.#until = until
    return changed > 0
  }
}
