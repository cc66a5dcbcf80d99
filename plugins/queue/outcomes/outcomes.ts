import type { Deferred, Failed, Outcome } from 'mailwright'
import type { NewRecipient } from '../intake/intake.ts'
import type { LastAttempt, QueuedRecipient } from '../tables/queued.ts'
import { deadlineOf, pauseAfter, type RetrySchedule } from '../tables/retry-schedule.ts'
import { never } from '../tables/tables.ts'

/** What came of one recipient: of an attempt, or of asking where it goes by now. */
export type Result =
  | Outcome
  /** Other routes than before: these take its place. */
  | { readonly kind: 'moved'; readonly to: readonly NewRecipient[] }
  /** Nobody has its octets any more. */
  | { readonly kind: 'gone' }

/** A recipient with what came of it. */
export interface Concluded {
  readonly recipient: QueuedRecipient
  readonly result: Result
}

/** A recipient who is tried again, with what is written of it. */
export interface PutOff {
  readonly recipient: QueuedRecipient
  readonly due: number
  readonly deadline: number
  readonly attempts: number
  readonly warned: boolean
  readonly last: LastAttempt
}

/** What becomes of a recipient who could not be delivered now: another attempt, or the end. Nothing that is held ends, or is told of. */
export function putOff(
  schedule: RetrySchedule,
  recipient: QueuedRecipient,
  outcome: Deferred,
  now: number,
  isHeld = false,
): PutOff | Failed {
  const { message } = recipient
  const attempts = recipient.attempts + 1
  const last = lastAttempt(outcome, now)
  if (outcome.hold === true) {
    const { warned } = recipient
    return { recipient, attempts, due: never, deadline: never, warned, last: { ...last, held: true } }
  }
  if (now >= message.expiresAt && !isHeld) return expired(outcome)
  const warned = recipient.warned || (!isHeld && now >= message.arrivedAt + schedule.warning)
  return {
    recipient,
    attempts,
    // The last attempt is at the end of its life.
    due: Math.min(now + pauseAfter(schedule, attempts, outcome.retryAfter), message.expiresAt),
    deadline: deadlineOf(schedule, message, warned),
    warned,
    last,
  }
}

/** It has waited for too long (RFC 5321 §4.5.4.1); the reply, and what is known of it, are those of the last attempt. */
export function expired({
  reply,
  cause,
  ...from
}: Pick<Failed, 'reply' | 'cause' | 'host' | 'place'>): Failed {
  const lastCause = cause === undefined ? {} : { lastCause: cause }
  return { kind: 'failed', reply, cause: 'expired', ...lastCause, ...speaker(from) }
}

interface Speaker {
  readonly host?: string | undefined
  readonly place?: string | undefined
}

/** Whose words a reply is. */
function speaker({ host, place }: Speaker): Pick<Failed, 'host' | 'place'> {
  return { ...(host === undefined ? {} : { host }), ...(place === undefined ? {} : { place }) }
}

// With these its JSON fits a column of 65,535 octets, whatever is in it: quotes and backslashes count twice there.
const mostLines = 50
const mostCharacters = 500

/** As much of what was said as the tables keep. */
function noted({ reply, ...from }: Pick<Failed, 'reply' | 'host' | 'place'>): Omit<LastAttempt, 'at'> {
  const { code, enhanced, lines } = reply
  const host = from.host?.slice(0, mostCharacters)
  const place = from.place?.slice(0, mostCharacters)
  return { reply: { code, enhanced, lines: lines.slice(0, mostLines) }, ...speaker({ host, place }) }
}

export function lastAttempt({ cause, ...said }: Deferred | Failed, at: number): LastAttempt {
  return { at, ...noted(said), ...(cause === undefined ? {} : { cause }) }
}

/** For the postmaster, who has to say what becomes of it. */
export function stuckFor(
  recipient: QueuedRecipient,
  said: Pick<Failed, 'reply' | 'host' | 'place'>,
  now: number,
): PutOff {
  const last = { at: now, ...noted(said), held: false }
  return {
    recipient,
    due: never,
    deadline: never,
    attempts: recipient.attempts + 1,
    warned: recipient.warned,
    last,
  }
}
