const longestLine = 76
const CR = 13
const LF = 10

/**
 * Octets as quoted-printable (RFC 2045 §6.7). CRLF ends a line; a CR or LF alone is encoded, so that decoding gives the
 * same octets again.
 */
export function quotedPrintable(octets: Buffer): string {
  const lines: string[] = []
  let line = ''
  for (let at = 0; at < octets.length; at += 1) {
    const octet = octets[at] ?? 0
    const next = octets[at + 1]
    if (octet === CR && next === LF) {
      lines.push(line)
      line = ''
      at += 1
      continue
    }
    const isLast = next === undefined || (next === CR && octets[at + 2] === LF)
    const written = encoded(octet, isLast)
    // A line that goes on ends with a mark of its own.
    if (line.length + written.length > longestLine - (isLast ? 0 : 1)) {
      lines.push(`${line}=`)
      line = ''
    }
    line += written
  }
  return [...lines, line].join('\r\n')
}

function encoded(octet: number, isLast: boolean): string {
  const isBlank = octet === 32 || octet === 9
  const stands = isBlank ? !isLast : octet >= 33 && octet <= 126 && octet !== 61
  return stands ? String.fromCharCode(octet) : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`
}
