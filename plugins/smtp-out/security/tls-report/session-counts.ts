import { type Clock, type Database, errorCode, type Log, type Timer } from 'mailwright'
import type { StsPolicy } from '../mta-sts/index.ts'
import type { SecuritySession } from '../requirement.ts'
import { type CountedSession, countedSession, utcDay } from './counted-session.ts'
import type { TlsSessionsRow } from './tables.ts'

export interface SessionCountsOptions {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  /** The MTA-STS policy of a domain, as far as it is known without asking. */
  readonly stsPolicyOf?: (domain: string) => StsPolicy | undefined
  /** So many kinds of sessions wait for the database, and more are not counted: 10,000. */
  readonly mostWaiting?: number
}

interface Waiting {
  readonly counted: CountedSession
  sessions: number
}

const writeAfter = 10_000
const rowsAtOnce = 100
const day = 86_400_000
// Reports are due on the next day, and may be wanted again for some time.
const keptDays = 30

/** Counts sessions in memory and adds them to the table from time to time, together with all other processes. */
export class SessionCounts {
  readonly #options: SessionCountsOptions
  #waiting = new Map<string, Waiting>()
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()
  #tidiedOn = ''
  #isOver = false

  constructor(options: SessionCountsOptions) {
    this.#options = options
  }

  /** Counts one. Neither waits nor fails. */
  count(session: SecuritySession): void {
    const { clock, stsPolicyOf } = this.#options
    this.#add(countedSession(session, stsPolicyOf?.(session.domain), clock.now()), 1)
    this.#schedule()
  }

  /** Writes what has been counted so far, and what is counted from now on at once. */
  async stop(): Promise<void> {
    this.#isOver = true
    this.#timer?.cancel()
    await this.#writing
    await this.#write()
  }

  #add(counted: CountedSession, sessions: number): void {
    const { log, mostWaiting = 10_000 } = this.#options
    const known = this.#waiting.get(counted.id)
    if (known !== undefined) known.sessions += sessions
    else if (this.#waiting.size < mostWaiting) this.#waiting.set(counted.id, { counted, sessions })
    else log.debug('limit-reached', { limit: 'tls-report', domain: counted.domain })
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isOver) return
    this.#timer = this.#options.clock.after(writeAfter, () => {
      this.#writing = this.#write().finally(() => {
        this.#timer = undefined
        if (this.#waiting.size > 0) this.#schedule()
      })
    })
  }

  /** Never rejects: what cannot be written waits. */
  async #write(): Promise<void> {
    // In one order everywhere, so that processes do not wait for each other in a circle.
    const batch = [...this.#waiting.values()].sort((one, other) =>
      one.counted.id < other.counted.id ? -1 : 1,
    )
    this.#waiting = new Map()
    let written = 0
    try {
      for (; written < batch.length; written += rowsAtOnce)
        await this.#writeRows(batch.slice(written, written + rowsAtOnce))
      if (batch.length > 0) await this.#tidy()
    } catch (error) {
      for (const { counted, sessions } of batch.slice(written)) this.#add(counted, sessions)
      const { log } = this.#options
      if (errorCode(error) === 'MAIL_E_UNAVAILABLE')
        log.debug('unavailable', { service: 'tls-report', error })
      else log.error('internal-error', { error })
    }
  }

  /** First the rows, each by itself, then the numbers, all or none: nobody waits for another one's new row with locks in hand. */
  async #writeRows(batch: readonly Waiting[]): Promise<void> {
    const { database } = this.#options
    const rows = batch.map(({ counted }): TlsSessionsRow => ({ ...counted, sessions: 0 }))
    await database.query((knex) =>
      knex<TlsSessionsRow>('smtp_out_tls_sessions').insert(rows).onConflict('id').ignore(),
    )
    await database.transaction(async (transaction) => {
      for (const { counted, sessions } of batch)
        await transaction<TlsSessionsRow>('smtp_out_tls_sessions')
          .where({ id: counted.id })
          .increment('sessions', sessions)
    })
  }

  async #tidy(): Promise<void> {
    const { database, clock } = this.#options
    const today = utcDay(clock.now())
    if (this.#tidiedOn === today) return
    const oldest = utcDay(clock.now() - keptDays * day)
    for (const table of ['smtp_out_tls_sessions', 'smtp_out_sent_reports'])
      await database.query((knex) => knex(table).where('day', '<', oldest).delete())
    this.#tidiedOn = today
  }
}
