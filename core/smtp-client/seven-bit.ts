import { isAscii } from 'node:buffer'
import { isComposite, type PartEncoding, recodedParts, signedPart } from '../message/recode-parts.ts'
import type { Content } from '../model/content.ts'
import type { Message } from '../model/message.ts'
import type { MimePart } from '../model/mime/mime-part.ts'

/** Encodings whose body is what it says (RFC 2045 §6.2). */
const identities: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary'])

/**
 * A message for a host that takes no 8-bit octets (RFC 6152 §3): text as quoted-printable, all else as base64. What stands in its header
 * stays as it is. Undefined where a signature would be broken, or where there are octets that no encoding can be put on: in a
 * message/partial, in headers of parts and between parts, or where an encoding is said that is not kept to.
 */
export async function sevenBitContent(message: Message): Promise<(() => AsyncIterable<Buffer>) | undefined> {
  const { root } = await message.structure()
  const changes = new Map<MimePart, PartEncoding>()
  const waiting = [root]
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const encoding = await newEncoding(part, message.content)
    if (encoding !== undefined) changes.set(part, encoding)
    waiting.push(...(part.message === undefined ? part.children : [part.message]))
  }
  if (recodedParts(message.content, root, changes) === signedPart) return undefined
  if (!(await isRestSevenBit(message.content, root, changes))) return undefined
  return () => {
    const octets = recodedParts(message.content, root, changes)
    if (octets === signedPart) throw new TypeError('the signature was looked for before')
    return octets
  }
}

/** Whether all that stays as it is behind the header of a message has 7 bits. */
async function isRestSevenBit(
  content: Content,
  root: MimePart,
  changes: ReadonlyMap<MimePart, PartEncoding>,
): Promise<boolean> {
  const encoded = [...changes]
    .filter(([, encoding]) => encoding === 'base64' || encoding === 'quoted-printable')
    .map(([part]) => part)
    .sort((one, other) => one.bodyStart - other.bodyStart)
  let from = root.bodyStart
  for (const { bodyStart, bodyEnd } of encoded) {
    if (!(await isSevenBit(content, from, bodyStart))) return false
    from = bodyEnd
  }
  return isSevenBit(content, from)
}

async function newEncoding(part: MimePart, content: Content): Promise<PartEncoding | undefined> {
  const { encoding, bodyStart, bodyEnd, contentType } = part
  if (!identities.has(encoding)) return undefined
  if (isComposite(part)) return encoding === '7bit' ? undefined : '7bit'
  // It may hold line ends that are none, and lines of any length, in 7 bits as well.
  if (encoding === 'binary') return 'base64'
  if (await isSevenBit(content, bodyStart, bodyEnd)) return encoding === '7bit' ? undefined : '7bit'
  return contentType.type === 'text' ? 'quoted-printable' : 'base64'
}

export async function sizeOf(octets: AsyncIterable<Buffer>): Promise<number> {
  let size = 0
  for await (const { length } of octets) size += length
  return size
}

/** Whether all octets of a range are of 7 bits. */
export async function isSevenBit(content: Content, start = 0, end: number = content.size): Promise<boolean> {
  for await (const chunk of content.stream(start, end)) if (!isAscii(chunk as Buffer)) return false
  return true
}
