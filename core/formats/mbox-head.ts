import { FieldNotes } from './mbox-field-notes.ts'
import type { MboxField } from './mbox-fields.ts'
import { type Line, postmarkAt } from './mbox-line.ts'
import { hasCrlf, LF } from './mbox-line-ends.ts'
import { GT, UnquotingRules } from './mbox-line-rules.ts'
import type { Postmark } from './mbox-postmark.ts'
import type { MboxSource } from './mbox-scanner.ts'

/** The beginning of a message in an mbox file. */
export interface MboxHead {
  readonly postmark: Postmark
  /** Where the message begins, behind the postmark's line. */
  readonly messageStart: number
  /** The file's own fields in its header. */
  readonly fields: readonly MboxField[]
  /** Whether its lines end with CRLF in the file. */
  readonly crlf: boolean
}

const chunkSize = 16 * 1024
const nothing = Buffer.alloc(0)

/** Reads the postmark and the header of one message; undefined where no postmark begins there. */
export async function readMboxHead(source: MboxSource, start: number): Promise<MboxHead | undefined> {
  const first = await source.read(start, start + chunkSize)
  const lf = first.indexOf(LF)
  const end = lf < 0 ? first.length : lf + 1
  const postmark = postmarkAt({ chunk: first, base: start, at: 0, end, ended: lf >= 0 })
  if (postmark === undefined) return undefined
  return {
    postmark,
    messageStart: start + end,
    ...(await readHeader(source, first.subarray(end), start + end)),
  }
}

async function readHeader(
  source: MboxSource,
  first: Buffer,
  messageStart: number,
): Promise<Pick<MboxHead, 'fields' | 'crlf'>> {
  const rules = new UnquotingRules()
  const notes = new FieldNotes()
  const crlf = hasCrlf(first)
  let lineStart = true
  let chunk = first
  for (let position = messageStart; chunk.length > 0 && rules.inHeader; ) {
    const final = position + chunk.length >= source.size
    let at = 0
    while (at < chunk.length && rules.inHeader) {
      const lf = chunk.indexOf(LF, at)
      // A line that goes on behind the chunk is read again from its beginning, unless it is longer than a chunk.
      if (lf < 0 && !final && lineStart && at > 0) break
      const line: Line = { chunk, base: position, at, end: lf < 0 ? chunk.length : lf + 1, ended: lf >= 0 }
      if (lineStart && isHidden(rules, line)) notes.add(line)
      lineStart = line.ended
      at = line.end
    }
    position += at
    chunk =
      rules.inHeader && position < source.size ? await source.read(position, position + chunkSize) : nothing
  }
  return { fields: notes.fields, crlf }
}

function isHidden(rules: UnquotingRules, { chunk, at, end }: Line): boolean {
  let text = at
  while (chunk[text] === GT && text < end) text++
  return rules.decide(chunk, text, text > at) === 'hide'
}
