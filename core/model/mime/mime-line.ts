// Reading octets as Latin-1 text makes positions in the text positions in the message, and lets the engine's own string
// search (an octet search at memory speed) do the work that a loop over octets would do.

/**
 * The longest line that can be a delimiter, line end not counted. RFC 2046 §5.1.1 allows 70 characters of boundary and
 * any white space behind it; with this bound never more than so much has to be kept from one chunk to the next.
 */
const MAX_DELIMITER_LINE = 400

const CR = 13
const LF = 10
const HYPHEN = 45

/** Whether a line that begins here can be a delimiter. */
export function startsDelimiter(text: string, start: number): boolean {
  return text.charCodeAt(start) === HYPHEN && text.charCodeAt(start + 1) === HYPHEN
}

/** What stands behind the two hyphens of a line, without trailing white space. Undefined when it is no delimiter. */
export function delimiterText(text: string, start: number, next: number): string | undefined {
  let end = next
  if (text.charCodeAt(end - 1) === LF) end -= 1
  if (end - start > MAX_DELIMITER_LINE) return undefined
  while (end > start + 2 && isPadding(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start + 2, end)
}

/** Whether the line that begins here is empty but for its line end. */
export function isEmptyLine(text: string, start: number): boolean {
  const first = text.charCodeAt(start)
  return first === LF || (first === CR && text.charCodeAt(start + 1) === LF)
}

/** The octets of the line end whose LF is here: 2 for CRLF, 1 for a bare LF. */
export function lineEndSize(text: string, lf: number): number {
  return text.charCodeAt(lf - 1) === CR ? 2 : 1
}

/** Whether there is a CR that no LF follows. The last octet may not be a CR of which that is not known yet. */
export function hasBareCr(text: string, end: number): boolean {
  let cr = text.indexOf('\r')
  while (cr !== -1 && cr < end) {
    if (text.charCodeAt(cr + 1) !== LF) return true
    cr = text.indexOf('\r', cr + 1)
  }
  return false
}

/**
 * How far a text may be read before what follows it is known. An unfinished last line waits, as it may become a
 * delimiter; not so when it is too long for that, or only continues a line (`inLine`): then at most its last CR waits.
 */
export function readableLength(text: string, inLine: boolean): number {
  const stop = Math.max(0, text.length - MAX_DELIMITER_LINE - 1)
  let start = text.length
  while (start > stop && text.charCodeAt(start - 1) !== LF) start -= 1
  const wholeTail = start > 0 && text.charCodeAt(start - 1) === LF ? true : start === 0 && !inLine
  if (wholeTail && text.length - start <= MAX_DELIMITER_LINE) return start
  return text.charCodeAt(text.length - 1) === CR ? text.length - 1 : text.length
}

function isPadding(code: number): boolean {
  return code === 32 || code === 9 || code === CR
}
