import { type Content, joinedContent, type Slice } from '../model/content.ts'
import { findHeaderSection } from './header-section.ts'

/** Fields that name recipients of whom the others must not know (RFC 5322 §3.6.3), in lower case. */
export const blindFields: readonly string[] = ['bcc', 'resent-bcc']

const blindField = new RegExp(`^(?:${blindFields.join('|')})[ \\t]*:[^\\n]*(?:\\n[ \\t][^\\n]*)*\\n?`, 'gim')
const firstLook = 16_384
const lastLook = 1_048_576

/** A message as all its recipients may see it. No other octet is changed. A header is looked at as far as 1 MiB. */
export async function withoutBlindFields(content: Content): Promise<Content> {
  const slices: Slice[] = []
  let start = 0
  for (const { index, 0: field } of (await readFields(content)).matchAll(blindField)) {
    slices.push({ content, start, end: index })
    start = index + field.length
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
