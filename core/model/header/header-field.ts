import { decodeLatin1 } from '../mime/charset.ts'
import { decodeEncodedWords } from '../mime/encoded-word.ts'

const foldedLine = /\r?\n/g
// What must not reach a line protocol: CR and LF that do not fold, and NUL.
const lineBreaker = /[\r\n\0]/
const lineBreakers = /[\r\n\0]/g

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
    const written = trimmed(this.#source, this.#bodyStart, this.end)
    if (!lineBreaker.test(written)) return written
    const unfolded = written.replace(foldedLine, '').replace(lineBreakers, ' ')
    return trimmed(unfolded, 0, unfolded.length)
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

/** A piece of a text without the white space around it. Of ASCII only: beyond it the octet may be half a character. */
function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}
