import { type Clock, type Log, type Reply, reply } from 'mailwright'
import type { MilterSettings } from './milter.ts'

/**
 * What is answered to a client whose session a milter should see and does not; undefined: the mail goes on. `wasReached`: the milter
 * was there, and made nothing of what it was asked.
 */
export function replyWithout({ whenUnavailable }: MilterSettings, wasReached: boolean): Reply | undefined {
  if (whenUnavailable === 'tempfail')
    return reply(
      451,
      '4.7.1',
      `A mail filter ${wasReached ? 'failed' : 'cannot be reached now'}, try again later`,
    )
  const never = `A mail filter ${wasReached ? 'failed' : 'cannot be reached'}, and without it we take no mail`
  return whenUnavailable === 'reject' ? reply(550, '5.7.1', never) : undefined
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
