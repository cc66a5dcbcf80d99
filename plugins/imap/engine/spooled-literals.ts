import { Readable } from 'node:stream'
import { type Content, type SpoolWriter, UnavailableError } from 'mailwright'
import type { ImapLiteral } from 'mailwright/imap'

/**
 * The large literals of one command, one behind the other in one spool entry: however many there are, they take no more
 * than one open file. They can be read when all have come.
 */
export class SpooledLiterals {
  readonly #receive: () => SpoolWriter
  #writer: SpoolWriter | undefined
  #whole: Promise<Content> | undefined
  /** How many there are. */
  literals = 0
  /** What they hold together. */
  octets = 0

  constructor(receive: () => SpoolWriter) {
    this.#receive = receive
  }

  /** Takes one. Its octets are read to their end in any case; MAIL_E_UNAVAILABLE where they could not be kept. */
  async take(size: number, binary: boolean, octets: AsyncIterable<Buffer>): Promise<ImapLiteral> {
    this.#writer ??= this.#receive()
    const start = this.octets
    let failure: unknown
    for await (const piece of octets)
      if (failure === undefined)
        await this.#writer.write(piece).catch((error: unknown) => {
          failure = error
        })
    if (failure !== undefined) throw failure
    this.literals += 1
    this.octets += size
    return { content: this.#slice(start, size), octets: undefined, binary }
  }

  async dispose(): Promise<void> {
    await this.#writer?.dispose()
  }

  #slice(start: number, size: number): Content {
    const clipped = (offset: number): number => start + Math.min(Math.max(0, offset), size)
    const stream = async function* (self: SpooledLiterals, from: number, to: number): AsyncGenerator<Buffer> {
      yield* (await self.#finished()).stream(from, to)
    }
    return {
      size,
      read: async (from, to) => (await this.#finished()).read(clipped(from), clipped(to)),
      stream: (from = 0, to = size) =>
        Readable.from(stream(this, clipped(from), clipped(to)), { objectMode: false }),
    }
  }

  #finished(): Promise<Content> {
    if (this.#writer === undefined) return Promise.reject(new UnavailableError('nothing was spooled'))
    this.#whole ??= this.#writer.finish()
    return this.#whole
  }
}
