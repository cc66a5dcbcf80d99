import { errorCode, isTransient, type Reply, replyText } from 'mailwright'

/** One line for the client, and what it means for the session. */
export interface Answer {
  /** Without CRLF. */
  readonly line: string
  /** The client's mistake: counts against `maxErrors`. */
  readonly fault?: boolean
  /** Why the connection is closed after this line. */
  readonly closing?: string
}

/** Extended response codes (RFC 2449 §8, RFC 3206 §4). */
export type ResponseCode = 'AUTH' | 'IN-USE' | 'SYS/TEMP' | 'SYS/PERM'

export function ok(text?: string): Answer {
  return { line: text === undefined ? '+OK' : `+OK ${text}` }
}

/** What was asked cannot be done, and the client could not know. */
export function refusal(text: string, code?: ResponseCode): Answer {
  // RFC 1939 §3: responses have at most 512 octets; replyText cuts foreign text to fit.
  return { line: `-ERR ${code === undefined ? '' : `[${code}] `}${replyText(text)}` }
}

/** The client should have known better. */
export function fault(text: string): Answer {
  return { line: `-ERR ${text}`, fault: true }
}

/** The answer, and then the end. */
export function last(answer: Answer, reason: string): Answer {
  return { ...answer, closing: reason }
}

/** A refusing reply in POP3's words (RFC 3206): wrong credentials, trouble that may pass, or trouble that will not. */
export function refusalOf(reply: Reply): Answer {
  const code = isTransient(reply) ? 'SYS/TEMP' : isWrongCredentials(reply) ? 'AUTH' : 'SYS/PERM'
  return refusal(reply.lines.join(' '), code)
}

// RFC 4954 §6: 535 5.7.8 is the answer to invalid credentials.
function isWrongCredentials(reply: Reply): boolean {
  return reply.code === 535 || reply.enhanced === '5.7.8'
}

/** What a client gets to see of an error of ours. */
export function refusalFor(error: unknown): Answer {
  switch (errorCode(error)) {
    case 'MAIL_E_IN_USE':
      return refusal('The maildrop is in use by another session', 'IN-USE')
    case 'MAIL_E_PERMISSION':
      return refusal('No permission', 'SYS/PERM')
    default:
      return refusal('Local error, try again later', 'SYS/TEMP')
  }
}
