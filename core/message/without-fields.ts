import { type Content, joinedContent, type Slice } from '../model/content.ts'
import type { Message } from '../model/message.ts'
import { findHeaderSection } from './header-section.ts'

/** Fields that name recipients of whom the others must not know (RFC 5322 §3.6.3), in lower case. */
export const blindFields: readonly string[] = ['bcc', 'resent-bcc']

/** Fields that a message has in a mailbox, and not on its way (RFC 5321 §4.4), in lower case: whoever delivers it next makes its own. */
export const mailboxFields: readonly string[] = ['return-path', 'content-length']

const firstLook = 16_384
const lastLook = 1_048_576
const LF = 10

/**
 * A message without the fields of these names, which are in lower case. No other octet is changed. A header is looked at as far as
 * 1 MiB, and to the end of a field that lies across that.
 */
export async function withoutFields(content: Content, names: readonly string[]): Promise<Content> {
  if (names.length === 0) return content
  const named = new RegExp(`^(?:${names.join('|')})[ \\t]*:[^\\n]*(?:\\n[ \\t][^\\n]*)*\\n?`, 'gim')
  const slices: Slice[] = []
  let start = 0
  for (const { index, 0: field } of (await readFields(content)).matchAll(named)) {
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

/** A message as final delivery starts from it: without what others say its reverse-path is (RFC 5321 §4.4). */
export async function withoutReversePath({ content, header }: Message): Promise<Content> {
  const mayHaveOne = header.truncated || header.first('Return-Path') !== undefined
  return mayHaveOne ? withoutFields(content, ['return-path']) : content
}
