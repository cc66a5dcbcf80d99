const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const beyondPrintable = /[^\x20-\x7e]/
// RFC 3501 §5.1.3: base64 with "," for "/" and without padding.
const shifted = /&([A-Za-z0-9+,]*)-/g

/** A mailbox's name for the wire, as octets: UTF-8, or modified UTF-7 (RFC 3501 §5.1.3). */
export function encodeMailboxName(name: string, utf8: boolean): string {
  if (utf8) return beyondPrintable.test(name) ? Buffer.from(name, 'utf8').toString('latin1') : name
  if (!beyondPrintable.test(name) && !name.includes('&')) return name
  return name.replace(/&|[^\x20-\x7e]+/g, (text) => (text === '&' ? '&-' : `&${base64(text)}-`))
}

function base64(text: string): string {
  const octets = Buffer.from(text, 'utf16le').swap16()
  return octets.toString('base64').replace(/=+$/, '').replaceAll('/', ',')
}

/**
 * A mailbox's name from the wire. Where UTF-8 was not agreed on, modified UTF-7, and UTF-8 where there are octets beyond
 * ASCII, as clients send it all the same. Undefined for what is neither, or has controls in it, or spells in UTF-7 what needs none.
 */
export function decodeMailboxName(octets: string, utf8: boolean): string | undefined {
  if (!beyondPrintable.test(octets)) return utf8 || !octets.includes('&') ? octets : decodeUtf7(octets)
  try {
    const name = strictUtf8.decode(Buffer.from(octets, 'latin1'))
    return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name) ? undefined : name
  } catch {
    return undefined
  }
}

function decodeUtf7(octets: string): string | undefined {
  const name = octets.replace(shifted, (_, text: string) => {
    if (text === '') return '&'
    const decoded = Buffer.from(text.replaceAll(',', '/'), 'base64')
    return decoded.length % 2 === 0 ? decoded.swap16().toString('utf16le') : '&'
  })
  // Only one spelling of a name is right; this also refuses lone `&` and controls.
  return encodeMailboxName(name, false) === octets && name.isWellFormed() ? name : undefined
}
