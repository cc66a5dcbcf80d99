import { type Content, type MimePart, MimeScanner, walkParts } from 'mailwright'
import { no, Refusal } from '../../engine/result.ts'
import { octetFacts } from './octet-facts.ts'
import type { Rewriting } from './rewriting.ts'

const chunkSize = 256 * 1024
const encodingField = /^content-transfer-encoding[ \t]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/gim

/**
 * Writes a message that came as literal8 anew so that it can be stored as lines: parts that say that they are `binary`, and
 * are, become base64; nothing is lost by that (RFC 3516 §4.4). What is binary without saying so, or cannot be encoded
 * (RFC 2045 §6.4), is refused: UNKNOWN-CTE.
 */
export async function writeEncoded(content: Content, rewriting: Rewriting): Promise<void> {
  let at = 0
  for (const part of await binaryParts(content)) {
    await requireText(content, at, part.bodyStart)
    await rewriting.lines(at, part.headerStart)
    const header = (await content.read(part.headerStart, part.bodyStart)).toString('latin1')
    const encoded = header.replace(encodingField, 'Content-Transfer-Encoding: base64')
    await rewriting.text(Buffer.from(encoded.replace(/(?<!\r)\n/g, '\r\n'), 'latin1'))
    await rewriting.base64(part.bodyStart, part.bodyEnd)
    if (part.bodyEnd === content.size) await rewriting.text(Buffer.from('\r\n'))
    at = part.bodyEnd
  }
  await requireText(content, at, content.size)
  await rewriting.lines(at, content.size)
}

/** Parts to be encoded, in their order. */
async function binaryParts(content: Content): Promise<readonly MimePart[]> {
  const scanner = new MimeScanner()
  for (let at = 0; at < content.size; at += chunkSize) scanner.push(await content.read(at, at + chunkSize))
  const parts: MimePart[] = []
  for (const { part } of walkParts(scanner.finish().root)) {
    if (part.encoding !== 'binary' || part.children.length > 0 || part.message !== undefined) continue
    const { hasNul, hasBareLf, hasBareCr } = await octetFacts(slice(content, part.bodyStart, part.bodyEnd))
    if (!hasNul && !hasBareLf && !hasBareCr) continue
    const { type } = part.contentType
    if (type === 'multipart' || type === 'message') throw unknownEncoding()
    parts.push(part)
  }
  return parts
}

async function requireText(content: Content, start: number, end: number): Promise<void> {
  if ((await octetFacts(slice(content, start, end))).hasNul) throw unknownEncoding()
}

function slice(content: Content, start: number, end: number): Content {
  return {
    size: end - start,
    read: (from, to) => content.read(start + from, Math.min(end, start + to)),
    stream: (from = 0, to = end - start) => content.stream(start + from, Math.min(end, start + to)),
  }
}

function unknownEncoding(): Refusal {
  return new Refusal(no('A part is binary without saying so, or may not be encoded', 'UNKNOWN-CTE'))
}
