import type { Content } from '../model/content.ts'
import type { HeaderField } from '../model/header/header-field.ts'
import type { MimePart } from '../model/mime/mime-part.ts'
import { QuotedPrintableEncoder } from './quoted-printable.ts'

/** What a part's body is encoded with from now on; `7bit` and `8bit` leave it as it is. */
export type PartEncoding = '7bit' | '8bit' | 'base64' | 'quoted-printable'

/** A message whose parts cannot be changed: the signature of an outer part would be broken. */
export const signedPart = 'signed part'

/** A range of a message, and what stands there instead: a text, or the range itself, encoded. */
interface Replacement {
  readonly start: number
  readonly end: number
  readonly text: string | { readonly encoding: 'base64' | 'quoted-printable' }
}

// RFC 2045 §6.8: 76 characters a line, of 57 octets.
const lineOctets = 57
const blockOctets = lineOctets * 1024

/**
 * The octets of a message with some of its parts encoded otherwise, and their Content-Transfer-Encoding saying so (RFC 2045 §6); all the
 * rest stays as it is. Answers {@link signedPart} where that would break a multipart/signed (RFC 1847 §2.1).
 */
export function recodedParts(
  content: Content,
  root: MimePart,
  changes: ReadonlyMap<MimePart, PartEncoding>,
): AsyncIterable<Buffer> | typeof signedPart {
  const replacements: Replacement[] = []
  const waiting = [{ part: root, isSigned: false }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { part, isSigned } = next
    const encoding = changes.get(part)
    if (encoding !== undefined && isSigned) return signedPart
    if (encoding !== undefined) replacements.push(...ofPart(part, encoding, content.size))
    const inner = part.message === undefined ? part.children : [part.message]
    for (const child of inner.toReversed())
      waiting.push({ part: child, isSigned: isSigned || part.mediaType === 'multipart/signed' })
  }
  return replaced(content, replacements)
}

/** Whether a part holds other parts: it has no encoding of its own (RFC 2045 §6.4). */
export function isComposite({ contentType: { type } }: MimePart): boolean {
  return type === 'multipart' || type === 'message'
}

function ofPart(part: MimePart, encoding: PartEncoding, size: number): readonly Replacement[] {
  const { bodyStart, bodyEnd } = part
  const fields = ofFields(part, encoding)
  if (encoding === '7bit' || encoding === '8bit') return fields
  const body: Replacement = { start: bodyStart, end: bodyEnd, text: { encoding } }
  // The line end before a delimiter belongs to the delimiter; behind the last line of a message there has to be one.
  return encoding === 'base64' && bodyEnd === size && size > bodyStart
    ? [...fields, body, { start: size, end: size, text: '\r\n' }]
    : [...fields, body]
}

/** The field in the place of the first; one at the end of the header where there is none. */
function ofFields({ headerStart, header }: MimePart, encoding: PartEncoding): readonly Replacement[] {
  const [first, ...more] = header.all('content-transfer-encoding')
  const at = ({ start, end }: Pick<HeaderField, 'start' | 'end'>, text: string): Replacement => {
    return { start: headerStart + start, end: headerStart + end, text }
  }
  const line = `Content-Transfer-Encoding: ${encoding}\r\n`
  if (first !== undefined) return [at(first, line), ...more.map((field) => at(field, ''))]
  const end = header.fields.at(-1)?.end ?? 0
  // RFC 2045 §4: it counts only in a message that says it is one of MIME.
  const isMime = headerStart > 0 || header.first('mime-version') !== undefined
  return [at({ start: end, end }, isMime ? line : `MIME-Version: 1.0\r\n${line}`)]
}

async function* replaced(content: Content, replacements: readonly Replacement[]): AsyncGenerator<Buffer> {
  let from = 0
  for (const { start, end, text } of replacements) {
    if (start > from) yield* content.stream(from, start)
    if (typeof text === 'string') yield Buffer.from(text, 'latin1')
    else if (text.encoding === 'base64') yield* base64Lines(content, start, end)
    else yield* quotedLines(content, start, end)
    from = end
  }
  if (from < content.size) yield* content.stream(from)
}

/** Lines with CRLF between them. */
async function* base64Lines(content: Content, start: number, end: number): AsyncGenerator<Buffer> {
  for (let from = start; from < end; from += blockOctets) {
    const block = await content.read(from, Math.min(end, from + blockOctets))
    const lines = block.toString('base64').replace(/.{76}(?=.)/g, '$&\r\n')
    yield Buffer.from(from === start ? lines : `\r\n${lines}`, 'latin1')
  }
}

async function* quotedLines(content: Content, start: number, end: number): AsyncGenerator<Buffer> {
  const encoder = new QuotedPrintableEncoder()
  for (let from = start; from < end; from += blockOctets) {
    const block = await content.read(from, Math.min(end, from + blockOctets))
    yield Buffer.from(encoder.push(block), 'latin1')
  }
  yield Buffer.from(encoder.end(), 'latin1')
}
