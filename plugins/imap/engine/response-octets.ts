import type { ImapResult } from 'mailwright/imap'
import { no } from './result.ts'

// What ends a line, what is in no line (RFC 9051 §9, CHAR), and what is no octet and would be cut to one.
const breaking = /[\0\r\n\u0100-\uffff]/g
/** The same, for the one question that most responses are asked: ten thousand of them in a FETCH. */
const breaks = /[\0\r\n\u0100-\uffff]/

/**
 * Whether octets can stand within a response: line ends and NUL in literals only. The last literal may be an announced one,
 * whose octets follow. What modules of other authors answer is not believed.
 */
export function isWithinLine(octets: string): boolean {
  if (!breaks.test(octets)) return true
  breaking.lastIndex = 0
  for (;;) {
    const at = breaking.exec(octets)?.index
    if (at === undefined) return true
    const [, size] = /\{(\d{1,15})\}$/.exec(octets.slice(Math.max(0, at - 20), at)) ?? []
    if (size === undefined || !octets.startsWith('\r\n', at)) return false
    const end = at + 2 + Number(size)
    if (end > octets.length) return at + 2 === octets.length
    breaking.lastIndex = end
  }
}

/** For a response, or a part of it, that must be that. */
export function requireWithinLine(octets: string, name: string | undefined): void {
  if (isWithinLine(octets)) return
  // An octet string has none, within literals or outside.
  const problem = /[\u0100-\uffff]/.test(octets)
    ? 'a character that is no octet (`out.utf8` encodes)'
    : 'a line end or NUL outside of a literal'
  throw new TypeError(`a response has ${problem}: ${name?.slice(0, 100)}`)
}

/** A result as it can be sent, and what was wrong with the one that a command answered. */
export interface CheckedResult {
  readonly result: ImapResult
  readonly problem?: string
}

/** The status stands, where it is one: what was done is done, and a client that were told NO would do it once more. */
export function checkedResult(answered: ImapResult): CheckedResult {
  const { status, text, code, silent } = (answered ?? {}) as Partial<ImapResult>
  // Nothing of it is sent.
  if (silent === true) return { result: answered }
  if (status !== 'OK' && status !== 'NO' && status !== 'BAD')
    return { result: no('Something went wrong here', 'SERVERBUG'), problem: 'without OK, NO or BAD' }
  const isText = typeof text === 'string' && text !== '' && /^[\x20-\x7e]*$/.test(text)
  // RFC 9051 §9, resp-text-code.
  const isCode = code === undefined || (typeof code === 'string' && /^[^\]\0\r\n\u0100-\uffff]+$/.test(code))
  if (isText && isCode) return { result: answered }
  const { code: _, ...others } = answered
  const result = {
    ...others,
    ...(isCode && code !== undefined ? { code } : {}),
    text: isText ? text : cleaned(text),
  }
  return { result, problem: isText ? 'with a code that is none' : 'with a text that is no line of ASCII' }
}

function cleaned(text: unknown): string {
  return String(text ?? '').replaceAll(/[^\x20-\x7e]/g, '?') || 'Done'
}
