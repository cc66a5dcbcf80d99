import { Readable } from 'node:stream'
import type { Content } from '../model/content.ts'
import { CrlfWriter, firstLineLimit, hasCrlf, LF } from './mbox-line-ends.ts'
import { LineRewriter, type RewriterPlace } from './mbox-line-rewriter.ts'
import { type LineRules, UnquotingRules } from './mbox-line-rules.ts'
import type { MboxEntry, MboxSource, ScanMboxOptions } from './mbox-scanner.ts'
import { ThunderbirdRules } from './mbox-thunderbird.ts'

/** Reads octets of an mbox file that belong to one message. */
export interface MboxContentSource {
  /** Octets from `start` to `end`, of the file; fewer only where the message is gone. */
  read: MboxSource['read']
}

/** What tells where a message is and how large. */
export type MboxExtent = Pick<MboxEntry, 'messageStart' | 'messageEnd' | 'size'>

const chunkSize = 128 * 1024

/** A place in the file and the same place in the message. */
interface Mark {
  readonly file: number
  readonly message: number
  readonly rewriter: RewriterPlace
  /** The octet before it in the file's form. */
  readonly last: number
}

/**
 * A message of an mbox file as it came: with CRLF line ends, unquoted, without the file's own fields. It is read piece
 * by piece; marks on the way say which octet of the file is which of the message, so that a range in the middle costs
 * one pass over what is before it, once.
 */
export function mboxContent(
  source: MboxContentSource,
  extent: MboxExtent,
  { thunderbird = false }: Pick<ScanMboxOptions, 'thunderbird'> = {},
): Content {
  const { size } = extent
  const rules = thunderbird ? new ThunderbirdRules() : new UnquotingRules()
  const pieces = new MessagePieces(source, extent, rules)
  return {
    size,
    async read(start, end) {
      const found: Buffer[] = []
      for await (const piece of pieces.between(start, end)) found.push(piece)
      return found.length === 1 && found[0] !== undefined ? found[0] : Buffer.concat(found)
    },
    stream: (start = 0, end = size) => Readable.from(pieces.between(start, end), { objectMode: false }),
  }
}

class MessagePieces {
  readonly #source: MboxContentSource
  readonly #extent: MboxExtent
  readonly #marks: Mark[]
  #lenient: boolean | undefined

  constructor(source: MboxContentSource, extent: MboxExtent, rules: LineRules) {
    this.#source = source
    this.#extent = extent
    const rewriter = new LineRewriter({ rules }).place
    this.#marks = [{ file: extent.messageStart, message: 0, rewriter, last: -1 }]
  }

  async *between(start: number, end: number): AsyncGenerator<Buffer> {
    const from = Math.max(0, start)
    const to = Math.min(end, this.#extent.size)
    if (from >= to) return
    this.#lenient ??= await this.#hasCrlf()
    let index = this.#marks.findLastIndex(({ message }) => message <= from)
    for (let mark = this.#marks[index]; mark !== undefined && mark.message < to; ) {
      const step = await this.#step(mark)
      const piece = step.octets.subarray(Math.max(0, from - mark.message), Math.max(0, to - mark.message))
      if (piece.length > 0) yield piece
      if (step.next === undefined) return
      index += 1
      this.#marks[index] ??= step.next
      mark = step.next
    }
  }

  /** The octets of the message from a mark to the next. There is none behind the last. */
  async #step(mark: Mark): Promise<{ readonly octets: Buffer; readonly next: Mark | undefined }> {
    const { messageEnd } = this.#extent
    const chunk = await this.#source.read(mark.file, Math.min(mark.file + chunkSize, messageEnd))
    const file = mark.file + chunk.length
    const rewriter = new LineRewriter({ ...mark.rewriter, rules: mark.rewriter.rules.copy() })
    const crlf = new CrlfWriter(this.#lenient ?? false, mark.last)
    const octets = crlf.add(rewriter.add(chunk))
    if (chunk.length > 0 && file < messageEnd) {
      const next = { file, message: mark.message + octets.length, rewriter: rewriter.place, last: crlf.last }
      return { octets, next }
    }
    const rest = crlf.add(rewriter.end())
    const lineEnd = crlf.last === LF || crlf.last < 0 ? '' : '\r\n'
    return { octets: Buffer.concat([octets, rest, Buffer.from(lineEnd)]), next: undefined }
  }

  async #hasCrlf(): Promise<boolean> {
    const { messageStart, messageEnd } = this.#extent
    return hasCrlf(await this.#source.read(messageStart, Math.min(messageStart + firstLineLimit, messageEnd)))
  }
}
