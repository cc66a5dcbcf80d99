import { type Clock, type Database, errorCode, type Log, type Resolver, type Timer } from 'mailwright'
import { utcDay } from './counted-session.ts'
import { DayRun } from './day-run.ts'
import { domainReports } from './domain-reports.ts'
import type { Reporter } from './report.ts'
import type { ReportSending } from './report-sending.ts'

export interface DailyReportsOptions extends Reporter {
  readonly database: Database
  readonly resolver: Resolver
  readonly clock: Clock
  readonly log: Log
  readonly sending: Pick<ReportSending, 'send'>
  /** From 0 to below 1. */
  random(): number
}

const minute = 60_000
const day = 24 * 60 * minute
// RFC 8460 §4.1: after midnight UTC all who report have the same to do.
const longestDelay = 4 * 60 * minute
const lookAgain = 10 * minute

/** Sends the reports of a day when it is over, some time after midnight UTC: one process of all that share the database. */
export class DailyReports {
  readonly #options: DailyReportsOptions
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  readonly #end = new AbortController()
  /** When it begins on a day, by the day that is reported. */
  #begin = { day: '', at: 0 }

  constructor(options: DailyReportsOptions) {
    this.#options = options
  }

  /** Begins to look whether a day is over. */
  serve(): void {
    const { clock, log } = this.#options
    this.#timer = clock.after(lookAgain, () => {
      this.#running = this.#look()
        .catch((error: unknown) => {
          if (errorCode(error) === 'MAIL_E_UNAVAILABLE')
            log.warn('unavailable', { service: 'tls-report', error })
          else log.error('internal-error', { error })
        })
        .finally(() => {
          if (!this.#end.signal.aborted) this.serve()
        })
    })
  }

  /** Sends nothing more. What is left another process sends, or this one when it is started again. */
  async stop(): Promise<void> {
    this.#end.abort(new Error('the server ends'))
    this.#timer?.cancel()
    await this.#running
  }

  async #look(): Promise<void> {
    const { clock, database } = this.#options
    const now = clock.now()
    const reported = utcDay(now - day)
    if (now < this.#beginOf(reported)) return
    const run = new DayRun(database, clock, reported)
    if (!(await run.claim())) return
    const isWhole = await this.#send(reported, run)
    if (isWhole) await run.finish()
    // RFC 8460 §5.5: again for a day, less and less often.
    else if (!this.#end.signal.aborted)
      await run.leave(Math.max(30 * minute, (clock.now() - Date.parse(reported) - day) / 2))
    else await run.leave(0)
  }

  /** A process that is started later begins at once. */
  #beginOf(reported: string): number {
    if (this.#begin.day !== reported) {
      const midnight = Date.parse(reported) + day
      this.#begin = { day: reported, at: midnight + Math.round(this.#options.random() * longestDelay) }
    }
    return this.#begin.at
  }

  /** Whether nothing is left. */
  async #send(reported: string, run: DayRun): Promise<boolean> {
    const { database, resolver, organization, contact, sending, log } = this.#options
    const reports = await domainReports({ database, resolver, organization, contact }, reported, undefined)
    let isWhole = true
    for (const report of reports) {
      if (this.#end.signal.aborted || !(await run.goesOn())) return false
      if (report.rua === null) isWhole = false
      for (const { rua, outcome, reply } of await sending.send(reported, report, this.#end.signal)) {
        if (outcome !== 'refused') continue
        isWhole = false
        log.warn('unavailable', { service: 'tls-report', domain: report.domain, rua, text: reply })
      }
    }
    return isWhole
  }
}
