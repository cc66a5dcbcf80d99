/**
 * Whether octets may name a mailbox: UTF-8 where that is enabled (RFC 9051 §5.1), else printable US-ASCII and modified
 * UTF-7 (RFC 3501 §5.1.3). An empty name stands for the server in some responses.
 */
export function isMailboxName(octets: string, unicode: boolean): boolean {
  if (/[\0-\x1f\x7f]/.test(octets)) return false
  return unicode ? isUtf8(octets) : isModifiedUtf7(octets)
}

function isUtf8(octets: string): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(octets, 'latin1'),
    )
    // RFC 9051 §5.1 wants Net-Unicode: no control characters and no line separators.
    return !/[\u0080-\u009f\u2028\u2029]/.test(text)
  } catch {
    return false
  }
}

/** `&` shifts to UTF-16 in base64 with "," for "/" and without padding; "&-" is "&" itself. */
function isModifiedUtf7(octets: string): boolean {
  if (/[^\x20-\x7e]/.test(octets)) return false
  let wasShifted = false
  for (const [part] of octets.matchAll(/&[^-]*-?|[^&]+/g)) {
    const isShifted = part.startsWith('&') && part !== '&-'
    // Superfluous shifts are not allowed: nobody shifts back only to shift again.
    if (isShifted && (wasShifted || !part.endsWith('-') || !isEncodedText(part.slice(1, -1)))) return false
    wasShifted = isShifted
  }
  return true
}

/** No half characters, no surplus bits, and nothing that stands for itself (RFC 3501 §5.1.3). */
function isEncodedText(encoded: string): boolean {
  const octets = Buffer.from(encoded.replaceAll(',', '/'), 'base64')
  if (octets.length % 2 !== 0 || octets.length === 0) return false
  if (octets.toString('base64').replaceAll('=', '').replaceAll('/', ',') !== encoded) return false
  const text = octets.swap16().toString('utf16le')
  return text.isWellFormed() && !/[\x20-\x7e]/.test(text)
}
