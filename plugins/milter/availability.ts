import { type Clock, type Log, type Reply, reply } from 'mailwright'
import type { MilterSettings } from './milter.ts'

const later = reply(451, '4.7.1', 'A mail filter cannot be reached now, try again later')
const never = reply(550, '5.7.1', 'A mail filter cannot be reached, and without it we take no mail')

/** What is answered to a client whose session a milter should see and does not; undefined: the mail goes on. */
export function replyWithout({ whenUnavailable }: MilterSettings): Reply | undefined {
  if (whenUnavailable === 'tempfail') return later
  return whenUnavailable === 'reject' ? never : undefined
}

/** Whether a milter can be asked, as far as all sessions know: the log is told of each change once. */
export class Availability {
  readonly #log: Log
  readonly #clock: Clock
  #downSince: number | undefined
  #lastFailure = 0

  constructor({ name, socket, whenUnavailable }: MilterSettings, log: Log, clock: Clock) {
    this.#log = log.child({ milter: name, socket, whenUnavailable })
    this.#clock = clock
  }

  failed(session: string, error: unknown): void {
    this.#lastFailure = this.#clock.monotonic()
    this.#log[this.#downSince === undefined ? 'warn' : 'debug']('unavailable', { session, error })
    this.#downSince ??= this.#lastFailure
  }

  /** A session had the milter from that time (the clock's monotonic) to its end. One from before a failure says nothing. */
  succeeded(since: number): void {
    if (this.#downSince === undefined || since <= this.#lastFailure) return
    this.#log.warn('recovered', { milliseconds: Math.round(this.#clock.monotonic() - this.#downSince) })
    this.#downSince = undefined
  }
}
