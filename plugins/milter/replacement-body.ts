import { type Content, type Spool, type SpoolWriter, UnavailableError } from 'mailwright'

const CR = 13
const LF = 10
const lineEnd = Buffer.from('\r\n')

/**
 * The body that a milter puts in place of a message's, while it comes. Only CRLF ends a line in it: another line end would
 * be one to some of those who read it later.
 */
export class ReplacementBody {
  readonly #writer: SpoolWriter
  readonly #limit: number
  #afterCr = false
  #isOpenLine = false

  constructor(spool: Spool, limit: number) {
    this.#writer = spool.receive()
    this.#limit = limit
  }

  /** MAIL_E_UNAVAILABLE where it becomes too large, or the disk fails. */
  async push(piece: Buffer): Promise<void> {
    const octets = this.#withLineEnds(piece)
    if (this.#writer.size + octets.length > this.#limit)
      throw new UnavailableError(`it sent a body of more than ${this.#limit} octets`)
    if (octets.length > 0) await this.#writer.write(octets)
  }

  /** All of it; a last line gets its end. Readable until `dispose`. */
  async finish(): Promise<Content> {
    if (this.#afterCr || this.#isOpenLine) await this.#writer.write(lineEnd)
    return this.#writer.finish()
  }

  dispose(): Promise<void> {
    return this.#writer.dispose()
  }

  /** A CR is written when it is known what follows it. */
  #withLineEnds(piece: Buffer): Buffer {
    const pieces: Buffer[] = []
    let start = 0
    for (let at = 0; at < piece.length; at += 1) {
      const octet = piece[at]
      if (this.#afterCr && octet !== LF) pieces.push(lineEnd)
      if (octet === CR || octet === LF) {
        pieces.push(piece.subarray(start, at))
        if (octet === LF) pieces.push(lineEnd)
        start = at + 1
      }
      this.#afterCr = octet === CR
      this.#isOpenLine = octet !== CR && octet !== LF
    }
    pieces.push(piece.subarray(start))
    return Buffer.concat(pieces)
  }
}
