const [tab, lineFeed, carriageReturn, space, equals, tilde] = [9, 10, 13, 32, 61, 126]
/** RFC 2045 §6.7: 76 characters a line, the `=` at its end included. */
const longestLine = 76

/** All of some octets as quoted-printable, so that decoding gives the same again: a CR or LF alone is no line end. */
export function quotedPrintable(octets: Buffer): string {
  const encoder = new QuotedPrintableEncoder({ bareLf: 'octet' })
  return encoder.push(octets) + encoder.end()
}

/** Encodes text as quoted-printable (RFC 2045 §6.7), chunk by chunk. Line ends stay line ends, as CRLF. */
export class QuotedPrintableEncoder {
  readonly #bareLf: 'line-end' | 'octet'
  #column = 0
  /** White space that may turn out to end its line. */
  #blank: number | undefined
  #hasCr = false

  /** What an LF without a CR is: `line-end` where absent. */
  constructor({ bareLf = 'line-end' }: { readonly bareLf?: 'line-end' | 'octet' } = {}) {
    this.#bareLf = bareLf
  }

  /** What can be said of these octets; the rest comes with the next. */
  push(chunk: Buffer): string {
    const out: string[] = []
    for (const octet of chunk) {
      if (octet === lineFeed && (this.#hasCr || this.#bareLf === 'line-end')) this.#endLine(out)
      else this.#take(out, octet)
    }
    return out.join('')
  }

  /** What is left. */
  end(): string {
    const out: string[] = []
    if (this.#hasCr) this.#literalCr(out)
    if (this.#blank !== undefined) this.#write(out, escaped(this.#blank))
    this.#blank = undefined
    return out.join('')
  }

  #take(out: string[], octet: number): void {
    if (this.#hasCr) this.#literalCr(out)
    if (octet === carriageReturn) {
      this.#hasCr = true
      return
    }
    this.#flushBlank(out)
    if (octet === space || octet === tab) this.#blank = octet
    else if (octet > space && octet <= tilde && octet !== equals) this.#write(out, String.fromCharCode(octet))
    else this.#write(out, escaped(octet))
  }

  #endLine(out: string[]): void {
    this.#hasCr = false
    if (this.#blank !== undefined) this.#write(out, escaped(this.#blank))
    this.#blank = undefined
    out.push('\r\n')
    this.#column = 0
  }

  #literalCr(out: string[]): void {
    this.#hasCr = false
    this.#flushBlank(out)
    this.#write(out, escaped(carriageReturn))
  }

  #flushBlank(out: string[]): void {
    if (this.#blank !== undefined) this.#write(out, String.fromCharCode(this.#blank))
    this.#blank = undefined
  }

  #write(out: string[], token: string): void {
    if (this.#column + token.length >= longestLine) {
      out.push('=\r\n')
      this.#column = 0
    }
    out.push(token)
    this.#column += token.length
  }
}

function escaped(octet: number): string {
  return `=${octet.toString(16).toUpperCase().padStart(2, '0')}`
}
