/**
 * Cuts the octets of a server into responses, each with its literals and its CRLF. Only where a literal begins is looked
 * at; whether it is one, and all else, parseResponse finds out.
 */
export class ResponseStream {
  #octets: Buffer = Buffer.alloc(0)
  #more: Buffer[] = []
  #moreLength = 0
  /** Where the line begins that is looked at: the response's first, or what follows a literal. */
  #line = 0
  /** Up to here no CRLF ends that line. */
  #searched = 0

  push(chunk: Buffer): void {
    this.#more.push(chunk)
    this.#moreLength += chunk.length
  }

  /** Takes out what has come and was not cut: from here on the octets mean something else. */
  take(): Buffer {
    this.#join()
    return this.#cut(this.#octets.length)
  }

  /** The next whole response; undefined where it has not come yet. */
  next(): Buffer | undefined {
    // Chunks of a long literal are joined once.
    if (this.#octets.length + this.#moreLength < this.#line) return undefined
    this.#join()
    while (this.#octets.length > this.#line) {
      const end = this.#octets.indexOf('\r\n', Math.max(this.#line, this.#searched))
      if (end < 0) {
        this.#searched = this.#octets.length - 1
        return undefined
      }
      const literal = isStatus(this.#octets) ? undefined : literalLength(this.#octets, this.#line, end)
      if (literal === undefined) return this.#cut(end + 2)
      this.#line = end + 2 + literal
    }
    return undefined
  }

  #join(): void {
    if (this.#more.length === 0) return
    this.#octets = Buffer.concat([this.#octets, ...this.#more])
    this.#more = []
    this.#moreLength = 0
  }

  #cut(end: number): Buffer {
    const response = this.#octets.subarray(0, end)
    this.#octets = this.#octets.subarray(end)
    this.#line = 0
    this.#searched = 0
    return response
  }
}

/** Responses that end with text for people, which may look like anything; they hold no literal. */
function isStatus(octets: Buffer): boolean {
  return /^(?:\* (?:OK|NO|BAD|BYE|PREAUTH) |\+|[^*+])/i.test(octets.toString('latin1', 0, 12))
}

const longestLength = 24

/** The length of the literal that a line announces at its end. */
function literalLength(octets: Buffer, start: number, end: number): number | undefined {
  const tail = octets.toString('latin1', Math.max(start, end - longestLength), end)
  const match = /\{(\d+)\+?\}$/.exec(tail)
  return match === null ? undefined : Number(match[1])
}
