const CR = 0x0d
const LF = 0x0a
const lineBreak = Buffer.from('\r\n')
const lineBreakAndDot = Buffer.from('\r\n.')

/** What a chunk brought. */
export interface ScannedData {
  /** Octets of the message that are certain by now, freed of their dot-stuffing. */
  readonly content: Buffer
  /** How many octets of the chunk were the message's, its end included; undefined as long as the end was not seen. */
  readonly end: number | undefined
}

/**
 * Finds the end of the data and takes dot-stuffing out of it (RFC 5321 §4.5.2). The data ends at CRLF.CRLF and nowhere
 * else, and a dot is stuffing after CRLF and nowhere else: whatever others take for a line end, the border between a
 * message and the commands behind it does not move (RFC 5321 §4.1.1.4).
 *
 * Searches natively for the dots at the start of a line, and moves whole runs. The chunk may be changed by that.
 */
export class DataScanner {
  // What is held back because it may be the start of CRLF.CRLF: nothing, or 1 to 4 octets of that. Before the first
  // octet we stand behind a line break that is not part of the message: the one that ended DATA.
  #held: Buffer = lineBreak
  #notContent: number = lineBreak.length

  /** Takes the next octets, however they were cut. Not to be called again once the end was seen. */
  push(chunk: Buffer): ScannedData {
    const octets = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const heldBefore = octets.length - chunk.length
    const start = this.#notContent
    let written = start
    let read = start
    const keepTo = (end: number): void => {
      if (written !== read) octets.copyWithin(written, read, end)
      written += Math.max(0, end - read)
    }
    const content = (): Buffer => octets.subarray(start, written)
    let from = 0
    for (;;) {
      const found = octets.indexOf(lineBreakAndDot, from)
      if (found === -1) break
      const dot = found + lineBreak.length
      const next = octets[dot + 1]
      const afterNext = octets[dot + 2]
      if (next === undefined || (next === CR && afterNext === undefined)) {
        keepTo(found)
        this.#hold(octets, found)
        return { content: content(), end: undefined }
      }
      keepTo(dot)
      if (next === CR && afterNext === LF) return { content: content(), end: dot + 3 - heldBefore }
      read = dot + 1
      from = dot + 1
    }
    const tail = octets.length - lineBreakTail(octets)
    keepTo(tail)
    this.#hold(octets, tail)
    return { content: content(), end: undefined }
  }

  #hold(octets: Buffer, from: number): void {
    if (from >= this.#notContent) this.#notContent = 0
    this.#held = Buffer.from(octets.subarray(from))
  }
}

/** How many octets at the end may be the beginning of a line break and dot. */
function lineBreakTail(octets: Buffer): number {
  const last = octets[octets.length - 1]
  if (last === CR) return 1
  return last === LF && octets[octets.length - 2] === CR ? 2 : 0
}
