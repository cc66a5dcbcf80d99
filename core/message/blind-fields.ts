import { type Content, joinedContent, type Slice } from '../model/content.ts'
import { findHeaderSection } from './header-section.ts'

/** Fields that name recipients of whom the others must not know (RFC 5322 §3.6.3), in lower case. */
export const blindFields: readonly string[] = ['bcc', 'resent-bcc']

const blindField = new RegExp(`^(?:${blindFields.join('|')})[ \\t]*:[^\\n]*(?:\\n[ \\t][^\\n]*)*\\n?`, 'gim')
const firstLook = 16_384
const lastLook = 1_048_576
const LF = 10

/**
 * A message as all its recipients may see it. No other octet is changed. A header is looked at as far as 1 MiB,
 * and to the end of a field that lies across that.
 */
export async function withoutBlindFields(content: Content): Promise<Content> {
  const slices: Slice[] = []
  let start = 0
  for (const { index, 0: field } of (await readFields(content)).matchAll(blindField)) {
    slices.push({ content, start, end: index })
    const end = index + field.length
    start = end === lastLook ? await endOfField(content, end) : end
  }
  return start === 0 ? content : joinedContent([...slices, { content, start, end: content.size }])
}

/** One character an octet, so that places in the text are places in the message. */
async function readFields(content: Content): Promise<string> {
  for (const look of [firstLook, lastLook]) {
    const octets = await content.read(0, look)
    const section = findHeaderSection(octets, octets.length === content.size)
    if (section !== undefined || look === lastLook) return octets.toString('latin1', 0, section?.fields)
  }
  return ''
}

/** Where a field ends of which the octets before a place have been seen. */
async function endOfField(content: Content, seen: number): Promise<number> {
  let at = seen - 1
  let isLineStart = false
  for await (const chunk of content.stream(at)) {
    for (const octet of chunk as Buffer) {
      if (isLineStart && octet !== 0x20 && octet !== 0x09) return at
      isLineStart = octet === LF
      at += 1
    }
  }
  return content.size
}
