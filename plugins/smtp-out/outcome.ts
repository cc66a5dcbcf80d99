import {
  type Deferred,
  type Failed,
  formatReply,
  isTransient,
  type Reply,
  reply,
  replyText,
  type TroubleCause,
} from 'mailwright'

/** What came of an item that was not delivered. */
export type Undelivered = Deferred | Failed

/** The same for an item, and for all that follows from a refusal: 4yz is later, 5yz is never. */
export function undelivered(answer: Reply, about: Omit<Undelivered, 'kind' | 'reply'> = {}): Undelivered {
  return { kind: isTransient(answer) ? 'deferred' : 'failed', reply: answer, ...about }
}

/** For what could not be found out or reached, whatever the message: all mail for the destination would fare the same. */
export function unreachable(cause: TroubleCause, enhanced: string, text: string, host?: string): Undelivered {
  const code = enhanced.startsWith('4') ? 451 : 550
  return undelivered(reply(code, enhanced, replyText(text)), {
    cause,
    ...(host === undefined ? {} : { host }),
    concerns: 'destination',
  })
}

/** In one line, with who said so. */
export function said({ reply: answer, place }: Undelivered): string {
  const text = formatReply(answer).replaceAll('\r\n', ' / ')
  return place === undefined ? text : `${place} said: ${text}`
}

interface HostFailureOptions extends ErrorOptions {
  readonly isOurs?: boolean
  readonly problem?: string
}

/** A host does not take the mail. The next one is tried; where there is none, this is what became of the mail. */
export class HostFailure extends Error {
  readonly outcome: Undelivered
  /** It lies with us, or others have found it out: the host has not been asked. */
  readonly isOurs: boolean
  /** What it does where it does not connect, or says no more: `does not answer`. */
  readonly problem: string | undefined

  constructor(outcome: Undelivered, { isOurs = false, problem, ...options }: HostFailureOptions = {}) {
    super(outcome.reply.lines.join(' '), options)
    this.name = 'HostFailure'
    this.outcome = outcome
    this.isOurs = isOurs
    this.problem = problem
  }
}

/** It does not connect, or says no more. RFC 3463 §3.5: 4.4.1 is "no answer from host", 4.4.2 "bad connection". */
export function noAnswer(
  { place, host }: { readonly place: string; readonly host: string },
  {
    enhanced,
    problem,
    cause,
  }: { readonly enhanced: string; readonly problem: string; readonly cause?: unknown },
): HostFailure {
  const outcome = unreachable('unreachable', enhanced, `${place} ${problem}`, host)
  return new HostFailure(outcome, { problem, cause })
}
