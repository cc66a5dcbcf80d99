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

/** A host does not take the mail. The next one is tried; where there is none, this is what became of the mail. */
export class HostFailure extends Error {
  readonly outcome: Undelivered
  /** It lies with us: nothing is known of the host. */
  readonly isOurs: boolean

  constructor(
    outcome: Undelivered,
    { isOurs = false, ...options }: ErrorOptions & { readonly isOurs?: boolean } = {},
  ) {
    super(outcome.reply.lines.join(' '), options)
    this.name = 'HostFailure'
    this.outcome = outcome
    this.isOurs = isOurs
  }
}
