/** Where the fields of a message end, and where its body begins. */
export interface HeaderSection {
  /** Octets of the fields, with the line end of the last one where it has one. */
  readonly fields: number
  /** Where the body begins: behind the empty line, or at once where there is none. */
  readonly body: number
}

// RFC 5322 §3.6.8 ftext; §4.5 lets white space stand before the colon.
const fieldStart = /^[\x21-\x39\x3b-\x7e]+[ \t]*:/
// Names of fields are short. A longer line is not looked at to its end.
const longestName = 1_000
const LF = 10
const CR = 13

/**
 * Finds the header of a message as programs of a machine write it, with LF or CRLF. It ends at an empty line, or before the first
 * line that is no field: `echo hello | sendmail jo` has no header at all. Undefined where it goes on beyond the octets;
 * with `isWhole` there is nothing beyond them.
 */
export function findHeaderSection(octets: Buffer, isWhole: boolean): HeaderSection | undefined {
  let start = 0
  while (start < octets.length) {
    const lineEnd = octets.indexOf(LF, start)
    if (lineEnd === -1 && !isWhole) return undefined
    const end = lineEnd === -1 ? octets.length : lineEnd + 1
    if (isEmptyLine(octets, start)) return { fields: start, body: end }
    const isContinuation = start > 0 && isBlank(octets[start])
    if (
      !isContinuation &&
      !fieldStart.test(octets.toString('latin1', start, Math.min(end, start + longestName)))
    )
      return { fields: start, body: start }
    start = end
  }
  return isWhole ? { fields: start, body: start } : undefined
}

function isEmptyLine(octets: Buffer, at: number): boolean {
  return octets[at] === LF || (octets[at] === CR && octets[at + 1] === LF)
}

function isBlank(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09
}
