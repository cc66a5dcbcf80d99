const CR = 13
const LF = 10
// RFC 5322 §2.1.1, RFC 2045 §2.8
const longestLine = 998

/** What octets need to be sent as they are (RFC 2045 §2.7 to §2.9): nothing, 8BITMIME, or what SMTP cannot send. */
export type OctetClass = '7bit' | '8bit' | 'binary'

/** Looks through octets that come in chunks. */
export class OctetSurvey {
  #hasEightBit = false
  #isBinary = false
  #line = 0
  #last = 0

  push(chunk: Buffer): void {
    for (const octet of chunk) {
      if (octet === LF) this.#endLine()
      // A CR alone, and NUL (RFC 2045 §2.7).
      else if (this.#last === CR || octet === 0) this.#isBinary = true
      else if (octet > 127) this.#hasEightBit = true
      this.#line += 1
      if (octet === LF) this.#line = 0
      // The line end has two octets.
      if (this.#line > longestLine + 1) this.#isBinary = true
      this.#last = octet
    }
  }

  /** What all of them need together. */
  result(): OctetClass {
    if (this.#isBinary || this.#last === CR || this.#line > longestLine) return 'binary'
    return this.#hasEightBit ? '8bit' : '7bit'
  }

  #endLine(): void {
    if (this.#last !== CR) this.#isBinary = true
  }
}

export function surveyOctets(octets: Buffer): OctetClass {
  const survey = new OctetSurvey()
  survey.push(octets)
  return survey.result()
}
