/** Where the fields of a message end, and where its body begins. */
export interface HeaderSection {
  /** Octets of the fields, with the line end of the last one where it has one. */
  readonly fields: number
  /** Where the body begins: behind the empty line, or at once where there is none. */
  readonly body: number
}

// Names of fields are short. A longer line is not looked at to its end.
const longestName = 1_000
const LF = 10
const CR = 13
const colon = 0x3a

/**
 * Finds the header of a message as programs of a machine write it, with LF or CRLF. It ends at an empty line, or before the first
 * line that is no field: `echo hello | sendmail jo` has no header at all. Undefined where it goes on beyond the octets;
 * with `isWhole` there is nothing beyond them.
 */
export function findHeaderSection(octets: Buffer, isWhole: boolean): HeaderSection | undefined {
  let start = 0
  while (start < octets.length) {
    const lineEnd = octets.indexOf(LF, start)
    const isLine = lineEnd !== -1 || isWhole
    if (!isLine && octets.length - start < longestName) return undefined
    const end = lineEnd === -1 ? octets.length : lineEnd + 1
    if (isEmptyLine(octets, start)) return { fields: start, body: end }
    const isContinuation = start > 0 && isBlank(octets[start])
    if (!isContinuation && !isField(octets, start)) return { fields: start, body: start }
    if (!isLine) return undefined
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

/** RFC 5322 §3.6.8 ftext; §4.5 lets white space stand before the colon. */
function isField(octets: Buffer, start: number): boolean {
  const limit = start + longestName
  let at = start
  while (at < limit && isNameOctet(octets[at])) at += 1
  if (at === start) return false
  while (at < limit && isBlank(octets[at])) at += 1
  return at < limit && octets[at] === colon
}

function isNameOctet(octet = 0): boolean {
  return octet > 0x20 && octet < 0x7f && octet !== colon
}
