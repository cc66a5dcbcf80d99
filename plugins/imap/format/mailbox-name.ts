import { decodeModifiedUtf7, encodeModifiedUtf7 } from 'mailwright/formats'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const beyondPrintable = /[^\x20-\x7e]/
// RFC 6855 §3: what names must not hold.
const forbidden = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** A mailbox's name for the wire, as octets: UTF-8, or modified UTF-7 (RFC 3501 §5.1.3). */
export function encodeMailboxName(name: string, utf8: boolean): string {
  if (!beyondPrintable.test(name) && (utf8 || !name.includes('&'))) return name
  return utf8 ? Buffer.from(name, 'utf8').toString('latin1') : encodeModifiedUtf7(name)
}

/**
 * A mailbox's name from the wire. Where UTF-8 was not agreed on, modified UTF-7, and UTF-8 where there are octets beyond
 * ASCII, as clients send it all the same. Undefined for what is neither, has controls in it (RFC 6855 §3), or spells in
 * UTF-7 what needs none, or otherwise than `encodeMailboxName` would.
 */
export function decodeMailboxName(octets: string, utf8: boolean): string | undefined {
  if (!beyondPrintable.test(octets)) return utf8 || !octets.includes('&') ? octets : decodeUtf7(octets)
  try {
    return allowed(strictUtf8.decode(Buffer.from(octets, 'latin1')))
  } catch {
    return undefined
  }
}

function decodeUtf7(octets: string): string | undefined {
  const name = decodeModifiedUtf7(octets)
  return name !== undefined && encodeModifiedUtf7(name) === octets ? allowed(name) : undefined
}

function allowed(name: string): string | undefined {
  return forbidden.test(name) ? undefined : name
}
