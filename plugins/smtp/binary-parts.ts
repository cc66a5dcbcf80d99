import { type Content, type MimePart, MimeScanner } from 'mailwright'

/** A range of a message, and what stands there instead: a field, or the range itself in base64. */
interface Replacement {
  readonly start: number
  readonly end: number
  readonly text: string | 'base64'
}

/** A message whose binary parts cannot be made text: the signature of an outer part would be broken. */
export const signedBinary = 'signed binary part'

// RFC 2045 §6.8: 76 characters a line, of 57 octets.
const lineOctets = 57
const blockOctets = lineOctets * 1024

/**
 * The octets of a message with its parts of the encoding `binary` made base64 (RFC 3030 §3, RFC 2045 §6.2); the rest is left alone,
 * so that it still has to be looked at. Answers `signedBinary` where that would break a multipart/signed (RFC 1847 §2.1).
 */
export async function withoutBinaryParts(
  content: Content,
): Promise<AsyncIterable<Buffer> | typeof signedBinary> {
  const scanner = new MimeScanner()
  for await (const chunk of content.stream()) scanner.push(chunk)
  const replacements = replacementsIn(scanner.finish().root, content.size)
  return replacements === undefined ? signedBinary : replaced(content, replacements)
}

/** In the order of the octets; undefined where a part is signed. */
function replacementsIn(root: MimePart, size: number): readonly Replacement[] | undefined {
  const replacements: Replacement[] = []
  const waiting = [{ part: root, isSigned: false }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { part, isSigned } = next
    if (part.encoding === 'binary') {
      if (isSigned) return undefined
      replacements.push(...ofPart(part, size))
    }
    const inner = part.message === undefined ? part.children : [part.message]
    for (const child of inner.toReversed())
      waiting.push({ part: child, isSigned: isSigned || part.mediaType === 'multipart/signed' })
  }
  return replacements
}

function ofPart(part: MimePart, size: number): readonly Replacement[] {
  const { headerStart, bodyStart, bodyEnd, header, contentType } = part
  // RFC 2045 §6.4: what holds other parts has no encoding of its own.
  const isComposite = contentType.type === 'multipart' || contentType.type === 'message'
  const [first, ...more] = header.all('content-transfer-encoding')
  if (first === undefined) return []
  const at = (field: { start: number; end: number }, text: string): Replacement => {
    return { start: headerStart + field.start, end: headerStart + field.end, text }
  }
  const fields = [
    at(first, `Content-Transfer-Encoding: ${isComposite ? '8bit' : 'base64'}\r\n`),
    ...more.map((field) => at(field, '')),
  ]
  if (isComposite) return fields
  const body: Replacement = { start: bodyStart, end: bodyEnd, text: 'base64' }
  // The line end before a delimiter belongs to the delimiter; behind the last line of a message there has to be one.
  return bodyEnd === size && size > bodyStart
    ? [...fields, body, { start: size, end: size, text: '\r\n' }]
    : [...fields, body]
}

async function* replaced(content: Content, replacements: readonly Replacement[]): AsyncGenerator<Buffer> {
  let from = 0
  for (const { start, end, text } of replacements) {
    if (start > from) yield* content.stream(from, start)
    if (text === 'base64') yield* base64Lines(content, start, end)
    else yield Buffer.from(text, 'latin1')
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
