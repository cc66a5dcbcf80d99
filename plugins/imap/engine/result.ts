import { type ErrorCode, errorCode, type Reply } from 'mailwright'
import type { ImapResult } from 'mailwright/imap'

/** Ends a command with a result, from however deep. */
export class Refusal extends Error {
  readonly result: ImapResult

  constructor(result: ImapResult) {
    super(result.text)
    this.name = 'Refusal'
    this.result = result
  }
}

/** A quoted string is not UTF-8 (RFC 6855 §3). It has been read: what comes behind it can be. */
export class NotUtf8 extends Refusal {
  constructor() {
    super(bad('A quoted string must be UTF-8'))
  }
}

export function ok(text: string, code?: string): ImapResult {
  return code === undefined ? { status: 'OK', text } : { status: 'OK', text, code }
}

export function no(text: string, code?: string): ImapResult {
  return code === undefined ? { status: 'NO', text } : { status: 'NO', text, code }
}

export function bad(text: string, code?: string): ImapResult {
  return code === undefined ? { status: 'BAD', text } : { status: 'BAD', text, code }
}

/** What a client is told for each code (RFC 9051 §7.1, RFC 5530). The messages of errors are the postmaster's. */
const told: Partial<Readonly<Record<ErrorCode, ImapResult>>> = {
  MAIL_E_NOT_FOUND: no('There is no such mailbox', 'NONEXISTENT'),
  MAIL_E_EXISTS: no('There is such a mailbox already', 'ALREADYEXISTS'),
  MAIL_E_INVALID: no('That is not possible', 'CANNOT'),
  MAIL_E_IN_USE: no('It is in use', 'INUSE'),
  MAIL_E_OVER_QUOTA: no('The quota is exceeded', 'OVERQUOTA'),
  MAIL_E_PERMISSION: no('You have no right to do that', 'NOPERM'),
  MAIL_E_UNSUPPORTED: no('That is not possible here', 'CANNOT'),
  MAIL_E_UNAVAILABLE: no('Not possible now, try again later', 'UNAVAILABLE'),
  MAIL_E_TIMEOUT: no('Not possible now, try again later', 'UNAVAILABLE'),
}

/** The result that an error stands for; undefined where it is a fault of ours, to be logged. */
export function resultOf(error: unknown): ImapResult | undefined {
  if (error instanceof Refusal) return error.result
  const code = errorCode(error)
  return code === undefined ? undefined : told[code]
}

/** What a call answers; where the store refuses what it was given, the command says in its own words what is not possible. */
export async function explained<Value>(call: Promise<Value>, text: string): Promise<Value> {
  try {
    return await call
  } catch (error) {
    if (errorCode(error) !== 'MAIL_E_INVALID') throw error
    throw new Refusal(no(text, 'CANNOT'))
  }
}

/** What a client is told of a name that the store refuses. */
export const noSuchName = 'No mailbox can have that name'

/** For errors that the postmaster should know of too. */
export function isTrouble(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'MAIL_E_UNAVAILABLE' || code === 'MAIL_E_TIMEOUT'
}

/** What a tap's refusal says to the client: some text, which does not look like a response code (RFC 9051 §9, resp-text). */
export function refusalOf(reply: Reply): ImapResult {
  const said = reply.lines.join(' ').replace(/[^\x20-\x7e]/g, '?')
  const text = said.replace(/^[[ ]+/, '') || 'Refused'
  return reply.code < 500 ? no(text, 'UNAVAILABLE') : no(text, 'NOPERM')
}

/** `OK [CODE] text`. */
export function resultText({ status, code, text }: ImapResult): string {
  return code === undefined ? `${status} ${text}` : `${status} [${code}] ${text}`
}
