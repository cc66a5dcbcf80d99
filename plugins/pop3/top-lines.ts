const lineFeed = 0x0a
const carriageReturn = 0x0d

/**
 * Passes a message's header, the blank line after it, and so many lines of its body (RFC 1939 §7, TOP), chunk after
 * chunk.
 */
export class TopLines {
  #bodyLines: number
  #inHeader = true
  /** Octets of the line that the last chunk ended in, and whether a CR is all there is of it. */
  #carried = 0
  #carriedReturn = false

  constructor(bodyLines: number) {
    this.#bodyLines = bodyLines
  }

  /** Nothing more of the message is wanted. */
  get done(): boolean {
    return !this.#inHeader && this.#bodyLines === 0
  }

  /** How much of the chunk is wanted. */
  take(chunk: Buffer): Buffer {
    let start = 0
    while (!this.done) {
      const end = chunk.indexOf(lineFeed, start)
      if (end === -1) {
        this.#carry(chunk, start)
        return chunk
      }
      if (!this.#inHeader) this.#bodyLines--
      else if (this.#isBlank(chunk, start, end)) this.#inHeader = false
      start = end + 1
      this.#carried = 0
    }
    return chunk.subarray(0, start)
  }

  #isBlank(chunk: Buffer, start: number, end: number): boolean {
    const length = this.#carried + end - start
    if (length === 0) return true
    if (length > 1) return false
    return this.#carried === 1 ? this.#carriedReturn : chunk[start] === carriageReturn
  }

  #carry(chunk: Buffer, start: number): void {
    const length = chunk.length - start
    if (length > 0)
      this.#carriedReturn = this.#carried === 0 && length === 1 && chunk[start] === carriageReturn
    this.#carried += length
  }
}
