import { isUtf8 } from 'node:buffer'
import { decodeLatin1 } from '../model/mime/charset.ts'

/**
 * What may stand in a text for an IMAP client. `ascii`: IMAP4rev1, octets beyond ASCII only in literals. `utf8`: after
 * ENABLE UTF8=ACCEPT (RFC 6855 §3), UTF-8 in quoted strings. `rev2`: after ENABLE IMAP4rev2 (RFC 9051 §6.3.1), that and
 * the structures that only RFC 9051 knows.
 */
export type ImapForm = 'ascii' | 'utf8' | 'rev2'

const QUOTE = 34
const BACKSLASH = 92
// Longer ones are sent as literals: clients read lines into buffers of some size.
const longestQuoted = 1_000

/**
 * A string (RFC 9051 §4.3) of octets, one character an octet: quoted where that can be, else a literal. Quoted is UTF-8
 * only where `utf8` says that the client takes it. NUL, which neither can hold, becomes a space.
 */
export function imapString(octets: string, utf8: boolean): string {
  if (octets.length > longestQuoted) return carefulString(octets, utf8)
  for (let at = 0; at < octets.length; at += 1) {
    const code = octets.charCodeAt(at)
    if (code === QUOTE || code === BACKSLASH || code < 32 || code > 126) return carefulString(octets, utf8)
  }
  return `"${octets}"`
}

const beyondAscii = /[^\x00-\x7f]/
const lineBreaker = /[\r\n]/
const needsBackslash = /["\\]/g

function carefulString(octets: string, utf8: boolean): string {
  const text = octets.includes('\0') ? octets.replaceAll('\0', ' ') : octets
  const isQuotable =
    text.length <= longestQuoted &&
    !lineBreaker.test(text) &&
    (!beyondAscii.test(text) || (utf8 && isUtf8(Buffer.from(text, 'latin1'))))
  return isQuotable ? `"${text.replace(needsBackslash, '\\$&')}"` : `{${text.length}}\r\n${text}`
}

/**
 * A string of octets of a header. Where the form has UTF-8, they become that, as a client may take everything for it:
 * octets that are not UTF-8 are taken as Windows-1252.
 */
export function headerString(octets: string, form: ImapForm): string {
  if (form === 'ascii' || !beyondAscii.test(octets)) return imapString(octets, false)
  return imapString(utf8Octets(decodeLatin1(octets)), true)
}

/** The same, NIL where there is nothing. */
export function headerNstring(octets: string | undefined, form: ImapForm): string {
  return octets === undefined ? 'NIL' : headerString(octets, form)
}

/** A text as UTF-8, one character an octet. */
export function utf8Octets(text: string): string {
  return beyondAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text
}
