import { errorCode, isTransient, type Reply, replyText } from 'mailwright'
import type { Texts } from './texts.ts'

/** Chooses or makes a text of the language in use. */
export type Say = (texts: Texts) => string

/** One line for the client, and what it means for the session. */
export interface Answer {
  readonly status: '+OK' | '-ERR'
  readonly code?: ResponseCode
  readonly say?: Say
  /** The client's mistake: counts against `maxErrors`. */
  readonly fault?: boolean
  /** Why the connection is closed after this line. */
  readonly closing?: string
}

/** Extended response codes (RFC 2449 §8, RFC 3206 §4). */
export type ResponseCode = 'AUTH' | 'IN-USE' | 'SYS/TEMP' | 'SYS/PERM'

/** The line of an answer, without CRLF. */
export function lineOf({ status, code, say }: Answer, texts: Texts): string {
  const words = [code === undefined ? '' : `[${code}]`, say?.(texts) ?? ''].filter((word) => word !== '')
  return [status, ...words].join(' ')
}

export function ok(say?: Say): Answer {
  return say === undefined ? { status: '+OK' } : { status: '+OK', say }
}

/** What was asked cannot be done, and the client could not know. */
export function refusal(say: Say, code?: ResponseCode): Answer {
  return { status: '-ERR', say, ...(code === undefined ? {} : { code }) }
}

/** The client should have known better. */
export function fault(say: Say): Answer {
  return { status: '-ERR', say, fault: true }
}

/** The answer, and then the end. */
export function last(answer: Answer, reason: string): Answer {
  return { ...answer, closing: reason }
}

/** A refusing reply in POP3's words (RFC 3206): wrong credentials, trouble that may pass, or trouble that will not. */
export function refusalOf(reply: Reply): Answer {
  const code = isTransient(reply) ? 'SYS/TEMP' : isWrongCredentials(reply) ? 'AUTH' : 'SYS/PERM'
  // RFC 1939 §3: responses have at most 512 octets; replyText cuts foreign text to fit.
  return refusal(() => replyText(reply.lines.join(' ')), code)
}

// RFC 4954 §6: 535 5.7.8 is the answer to invalid credentials.
function isWrongCredentials(reply: Reply): boolean {
  return reply.code === 535 || reply.enhanced === '5.7.8'
}

/** What a client gets to see of an error of ours. */
export function refusalFor(error: unknown): Answer {
  switch (errorCode(error)) {
    case 'MAIL_E_IN_USE':
      return refusal((texts) => texts.inUse, 'IN-USE')
    case 'MAIL_E_PERMISSION':
      return refusal((texts) => texts.noPermission, 'SYS/PERM')
    default:
      return refusal((texts) => texts.localError, 'SYS/TEMP')
  }
}
