import { decodeLatin1 } from './charset.ts'
import { decodeEncodedWords } from './encoded-word.ts'

const foldedLine = /\r?\n/g
// What must not reach a line protocol: CR and LF that do not fold, and NUL.
const lineBreaker = /[\r\n\0]/g

/** One field of a header, or a line that is none (its name is then empty). */
export class HeaderField {
  /** The name as it was written; empty for a line that is not a field. */
  readonly name: string
  /** Where the field begins, in octets from the start of the header. */
  readonly start: number
  /** Where the field ends, its continuation lines and its last line end included. */
  readonly end: number
  readonly #source: string
  readonly #bodyStart: number
  #body: string | undefined

  constructor(source: string, name: string, start: number, bodyStart: number, end: number) {
    this.name = name
    this.start = start
    this.end = end
    this.#source = source
    this.#bodyStart = bodyStart
  }

  /**
   * What stands after the colon, unfolded and trimmed; as UTF-8 (RFC 6532), or Windows-1252 where it is not UTF-8.
   * Encoded words are left alone. Never holds CR, LF or NUL.
   */
  get body(): string {
    this.#body ??= decodeLatin1(this.bodyOctets)
    return this.#body
  }

  /** The body as {@link body} gives it, but undecoded: one character an octet (Latin-1). */
  get bodyOctets(): string {
    const written = this.#source.slice(this.#bodyStart, this.end)
    return written.replace(foldedLine, '').replace(lineBreaker, ' ').trim()
  }

  /** The body with its encoded words (RFC 2047) decoded: for people, and for comparing. */
  get text(): string {
    return decodeEncodedWords(this.body)
  }

  /** The octets of the field as they were received, from name to last line end. A copy. */
  get raw(): Buffer {
    return Buffer.from(this.#source.slice(this.start, this.end), 'latin1')
  }
}
