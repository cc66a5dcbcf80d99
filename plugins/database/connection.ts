import type { Knex } from 'knex'
import { type Clock, type Database, type Log, MailwrightError, UnavailableError } from 'mailwright'
import { Breaker } from './breaker.ts'
import type { CallTimes } from './call-times.ts'
import type { Dialect } from './dialect.ts'
import { DatabaseAwayError, NotWritableError, OtherDatabaseError, translate } from './failure.ts'

/** The `database` service with its beginning and its end. */
export interface DatabaseConnection extends Database {
  /** MAIL_E_UNAVAILABLE where it cannot be reached, MAIL_E_START where it is none. */
  open(): Promise<void>
  /** Once its tables are there: no other database is taken for this one from now on. MAIL_E_UNAVAILABLE. */
  identify(): Promise<void>
  close(): Promise<void>
}

/** Everything that asks the database comes through here: errors are translated, calls are measured, and trouble is logged once. */
export function createConnection(
  dialect: Dialect,
  clock: Clock,
  log: Log,
  times?: CallTimes,
): DatabaseConnection {
  return new Connection(dialect, clock, log, times)
}

class Connection implements DatabaseConnection {
  readonly dialect: Database['dialect']
  readonly syncsCommits: boolean
  readonly #dialect: Dialect
  readonly #log: Log
  readonly #times: CallTimes | undefined
  readonly #breaker: Breaker | undefined
  #knex: Knex | undefined
  /** Why it could not answer the last time; nothing has been answered since. */
  #away: DatabaseAwayError | undefined
  #hasAnswered = false
  #mustBeWritten = false

  constructor(dialect: Dialect, clock: Clock, log: Log, times: CallTimes | undefined) {
    this.dialect = dialect.name
    this.syncsCommits = dialect.durably !== undefined
    this.#dialect = dialect
    this.#times = times
    this.#log = log.child({ database: dialect.location })
    if (!dialect.isRemote) return
    this.#breaker = new Breaker({ clock, probe: () => this.#attempt((knex) => knex.raw('select 1')) })
  }

  async open(): Promise<void> {
    const { location } = this.#dialect
    await this.#dialect.prepare().catch((cause) => {
      if (cause instanceof MailwrightError) throw cause
      throw new UnavailableError(`the database ${location} cannot be made`, { cause })
    })
    this.#knex = this.#dialect.connect()
    // Not every call that goes well has asked something.
    this.#knex.on('query-response', () => {
      this.#hasAnswered = true
    })
    await this.#knex.raw('select 1').catch((cause) => {
      // What is no database, or a broken one, will not get better by itself.
      const code = translate(cause) instanceof UnavailableError ? 'MAIL_E_UNAVAILABLE' : 'MAIL_E_START'
      throw new MailwrightError(code, `the database ${location} cannot be opened`, { cause })
    })
  }

  async identify(): Promise<void> {
    const { location } = this.#dialect
    await this.#dialect.identify?.(this).catch((cause) => {
      if (cause instanceof MailwrightError) throw cause
      throw new UnavailableError(`the database ${location} cannot be marked as made`, { cause })
    })
  }

  async close(): Promise<void> {
    this.#breaker?.stop()
    const knex = this.#knex
    this.#knex = undefined
    await knex?.destroy()
  }

  query<T>(run: (knex: Knex) => Promise<T>): Promise<T> {
    return this.#watched('query', run)
  }

  async transaction<T>(run: (transaction: Knex.Transaction) => Promise<T>): Promise<T> {
    let durable: (() => void) | undefined
    const answer = await this.#watched('transaction', async (knex) => {
      let failure: unknown
      try {
        return await knex.transaction(async (transaction) => {
          // Knex goes on with a transaction that could not be begun, and rejects with the reason itself.
          if (transaction.isCompleted()) return undefined as T
          const done = await run(transaction).catch((error) => {
            failure = error
            throw error
          })
          durable = this.#times?.committing()
          return done
        })
      } catch (error) {
        // Where the database has rolled back by itself (disk full, connection lost), knex's ROLLBACK fails and its error
        // hides the first one.
        throw failure ?? error
      }
    })
    durable?.()
    return answer
  }

  async #watched<T>(kind: 'query' | 'transaction', run: (knex: Knex) => Promise<T>): Promise<T> {
    this.#breaker?.check()
    const attempt = (): Promise<T> => this.#attempt(run)
    return await (this.#times?.call(kind, attempt) ?? attempt())
  }

  async #attempt<T>(run: (knex: Knex) => Promise<T>): Promise<T> {
    const knex = this.#knex
    if (knex === undefined) throw new UnavailableError('the database is not open')
    try {
      const { durably } = this.#dialect
      let hasWritten = durably === undefined
      const asked = (): Promise<T> => run(knex)
      const noteChange = (): void => {
        hasWritten = true
      }
      const answer = await (durably?.(asked, noteChange) ?? asked())
      this.#noteAnswer(hasWritten)
      return answer
    } catch (error) {
      const translated = translate(error)
      if (translated instanceof UnavailableError) this.#times?.failed()
      if (translated instanceof DatabaseAwayError) this.#noteAway(translated)
      throw translated
    }
  }

  #noteAway(error: DatabaseAwayError): void {
    // Another database in its place is other news than none.
    const isOther = error instanceof OtherDatabaseError
    const isNews = this.#away === undefined || isOther !== this.#away instanceof OtherDatabaseError
    if (isNews) this.#log.error('unavailable', { error })
    if (error instanceof NotWritableError) this.#mustBeWritten = true
    this.#away = error
    this.#hasAnswered = false
    this.#breaker?.failed(error)
  }

  #noteAnswer(hasWritten: boolean): void {
    if (!this.#hasAnswered || (this.#mustBeWritten && !hasWritten)) return
    if (this.#away !== undefined) this.#log.warn('recovered')
    this.#away = undefined
    this.#mustBeWritten = false
    this.#breaker?.succeeded()
  }
}
