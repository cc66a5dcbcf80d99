import { Readable } from 'node:stream'
import type { Content } from 'mailwright'

// As good as any: no text has it, and the size stays.
const instead = '\x80'

/** The same octets for a literal, which cannot hold NUL (RFC 9051 §9 CHAR8): others stand in for it. */
export function withoutNul(content: Content): Content {
  return {
    size: content.size,
    read: async (start, end) => replaced(await content.read(start, end)),
    stream: (start, end) => Readable.from(pieces(content.stream(start, end)), { objectMode: false }),
  }
}

/** The same for octets as text, one character an octet. */
export function textWithoutNul(octets: string): string {
  return octets.includes('\0') ? octets.replaceAll('\0', instead) : octets
}

async function* pieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield replaced(chunk)
}

/** What is read may belong to others and is not changed. */
function replaced(octets: Buffer): Buffer {
  let at = octets.indexOf(0)
  if (at === -1) return octets
  const copy = Buffer.from(octets)
  for (; at !== -1; at = copy.indexOf(0, at + 1)) copy[at] = instead.charCodeAt(0)
  return copy
}
