import { UnavailableError } from '../errors.ts'
import type { Content } from '../model/content.ts'
import { LF, LfWriter } from './mbox-line-ends.ts'
import { LineRewriter } from './mbox-line-rewriter.ts'
import { QuotingRules } from './mbox-line-rules.ts'

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
