import { UnavailableError } from '../errors.ts'
import type { Content } from '../model/content.ts'
import { CrlfWriter, hasCrlf, LF, LfWriter } from './mbox-line-ends.ts'
import { LineRewriter } from './mbox-line-rewriter.ts'
import { QuotingRules, UnquotingRules } from './mbox-line-rules.ts'

const chunkSize = 256 * 1024

/**
 * Turns a message that comes in chunks, with CRLF line ends, into what stands in an mbox file behind its postmark:
 * LF line ends, `From ` lines quoted (mboxrd), fields quoted that are the file's own, and an empty line at the end.
 */
export class MboxWriter {
  readonly #lf = new LfWriter()
  readonly #rewriter = new LineRewriter({ rules: new QuotingRules() })
  #last: number = LF

  add(chunk: Buffer): Buffer {
    return this.#note(this.#rewriter.add(this.#lf.add(chunk)))
  }

  /** What still waits, the end of the last line where it has none, and the empty line. */
  end(): Buffer {
    const rest = this.#note(Buffer.concat([this.#rewriter.add(this.#lf.end()), this.#rewriter.end()]))
    return Buffer.concat([rest, Buffer.from(this.#last === LF ? '\n' : '\n\n')])
  }

  #note(octets: Buffer): Buffer {
    this.#last = octets.at(-1) ?? this.#last
    return octets
  }
}

/** The same for a whole content. MAIL_E_UNAVAILABLE where it ends before its size. */
export async function* quoteMbox(content: Content): AsyncGenerator<Buffer> {
  const writer = new MboxWriter()
  for (let position = 0; position < content.size; ) {
    const chunk = await content.read(position, position + chunkSize)
    if (chunk.length === 0) throw new UnavailableError('the message ended before its size')
    position += chunk.length
    yield writer.add(chunk)
  }
  yield writer.end()
}

/**
 * Turns what stands in an mbox file, from behind a postmark to before the empty line at the end, into the message with
 * CRLF line ends: the other way round, and without the fields that are the file's own. The first chunk must hold the
 * first line, unless that is longer than 4,096 octets.
 */
export async function* unquoteMbox(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  const rewriter = new LineRewriter({ rules: new UnquotingRules() })
  let crlf: CrlfWriter | undefined
  for await (const chunk of chunks) {
    crlf ??= new CrlfWriter(hasCrlf(chunk))
    yield crlf.add(rewriter.add(chunk))
  }
  crlf ??= new CrlfWriter(false)
  yield crlf.add(rewriter.end())
  if (crlf.last !== LF && crlf.last >= 0) yield Buffer.from('\r\n')
}
