import type { Clock, SendingLimit } from 'mailwright'
import { windowStart } from 'mailwright/accounts'

/** What accounts have sent in the window of the moment; one number an account. */
export class SendingCounts {
  readonly #clock: Clock
  readonly #counts = new Map<string, { readonly start: number; readonly recipients: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts one recipient more; false where the limit is reached. */
  count(accountId: string, limit: SendingLimit): boolean {
    const start = windowStart(limit, this.#clock.now())
    const counted = this.#counts.get(accountId)
    // Where the limit's window has become longer, what was counted in the shorter one still counts.
    const recipients = counted === undefined || counted.start < start ? 0 : counted.recipients
    if (recipients >= limit.recipients) return false
    this.#counts.set(accountId, {
      start: Math.max(start, counted?.start ?? start),
      recipients: recipients + 1,
    })
    return true
  }
}
