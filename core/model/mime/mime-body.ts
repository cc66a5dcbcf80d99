const CR = 13
const LF = 10
const EQUALS = 61

const encoded = /[^=\s]/

/**
 * Undoes a transfer encoding (RFC 2045 §6): base64 and quoted-printable, by name in any case; octets of any other
 * encoding, known or not, come back as they are. Never throws: what is not of the encoding is skipped (base64) or left
 * as it stands (quoted-printable), and base64 that goes on behind its padding is read on, as nothing may hide there.
 */
export function decodeBody(octets: Buffer, encoding: string): Buffer {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return decodeBase64(octets)
    case 'quoted-printable':
      return decodeQuotedPrintable(octets)
    default:
      return octets
  }
}

function decodeBase64(octets: Buffer): Buffer {
  const text = mimeAlphabet(octets.toString('latin1'))
  const padding = text.indexOf('=')
  // The usual case first: padding at the very end, or none.
  if (padding === -1 || !encoded.test(text.slice(padding))) return Buffer.from(text, 'base64')
  const decoded = Buffer.allocUnsafe(text.length)
  let length = 0
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('=', at)
    const piece = text.slice(at, end === -1 ? text.length : end)
    if (piece !== '') length += decoded.write(piece, length, 'base64')
    at = end === -1 ? text.length : end + 1
  }
  return decoded.subarray(0, length)
}

/** Node takes `-` and `_` for base64url; RFC 2045 §6.8 has what is not of its alphabet ignored. */
function mimeAlphabet(text: string): string {
  return text.includes('-') || text.includes('_') ? text.replace(/[-_]+/g, '') : text
}

/** RFC 2045 §6.7: `=XX` is an octet, `=` at the end of a line joins it to the next, white space before a line end goes. */
function decodeQuotedPrintable(octets: Buffer): Buffer {
  const decoded = Buffer.allocUnsafe(octets.length)
  let length = 0
  // How much of `decoded` stays if the line ends here: all but white space that was not encoded.
  let kept = 0
  let at = 0
  while (at < octets.length) {
    const octet = octets[at] ?? 0
    if (octet === EQUALS) {
      const next = endOfSoftBreak(octets, at + 1)
      const value = next === undefined ? hexOctet(octets, at + 1) : undefined
      if (next === undefined) decoded[length++] = value ?? EQUALS
      at = next ?? at + (value === undefined ? 1 : 3)
      kept = length
      continue
    }
    if (octet === LF || (octet === CR && octets[at + 1] === LF)) length = kept
    decoded[length++] = octet
    if (octet !== 32 && octet !== 9) kept = length
    at += 1
  }
  return decoded.subarray(0, kept)
}

/** Where the line after a soft line break begins; undefined when it is none. */
function endOfSoftBreak(octets: Buffer, from: number): number | undefined {
  let at = from
  while (octets[at] === 32 || octets[at] === 9) at += 1
  if (at >= octets.length || octets[at] === LF) return at + 1
  return octets[at] === CR && octets[at + 1] === LF ? at + 2 : undefined
}

function hexOctet(octets: Buffer, at: number): number | undefined {
  const high = hexDigit(octets[at])
  const low = hexDigit(octets[at + 1])
  return high === undefined || low === undefined ? undefined : high * 16 + low
}

function hexDigit(octet: number | undefined): number | undefined {
  if (octet === undefined) return undefined
  if (octet >= 48 && octet <= 57) return octet - 48
  const letter = octet | 0x20
  return letter >= 97 && letter <= 102 ? letter - 87 : undefined
}
