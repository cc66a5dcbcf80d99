import { type Content, Pacer, type SpoolWriter } from 'mailwright'

const chunkSize = 256 * 1024
// Whole lines of 76 characters (RFC 2045 §6.8).
const octetsOfLine = 57
const base64Chunk = octetsOfLine * 4_096
const lineEnd = Buffer.from('\r\n')
const CR = 13
const LF = 10

/** Writes a message anew, from the pieces of one that cannot be stored as it is. */
export class Rewriting {
  readonly #content: Content
  readonly #writer: SpoolWriter
  readonly #pacer = new Pacer()
  #endedInCr = false

  /** The writer is the caller's to dispose of. */
  constructor(content: Content, writer: SpoolWriter) {
    this.#content = content
    this.#writer = writer
  }

  /** Text of a message: LF alone becomes CRLF. */
  async lines(start: number, end: number): Promise<void> {
    for (let at = start; at < end; at += chunkSize)
      await this.#addLines(await this.#content.read(at, Math.min(end, at + chunkSize)))
  }

  /** Octets that are written as they are. */
  async text(octets: Buffer): Promise<void> {
    await this.#write(octets)
    if (octets.length > 0) this.#endedInCr = octets.at(-1) === CR
  }

  /** Octets in base64, in lines of which the last one has no end. */
  async base64(start: number, end: number): Promise<void> {
    for (let at = start; at < end; at += base64Chunk) {
      const chunk = await this.#content.read(at, Math.min(end, at + base64Chunk))
      const lines = chunk.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n')
      await this.text(Buffer.from(at === start ? lines : `\r\n${lines}`, 'latin1'))
    }
  }

  finish(): Promise<Content> {
    return this.#writer.finish()
  }

  async #addLines(chunk: Buffer): Promise<void> {
    let from = 0
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
      if (at === 0 ? this.#endedInCr : chunk[at - 1] === CR) continue
      await this.#write(chunk.subarray(from, at))
      await this.#write(lineEnd)
      from = at + 1
    }
    await this.#write(chunk.subarray(from))
    this.#endedInCr = chunk.at(-1) === CR
  }

  async #write(octets: Buffer): Promise<void> {
    if (octets.length > 0) await this.#writer.write(octets)
    if (this.#pacer.isDue) await this.#pacer.rest()
  }
}
