import {
  type Content,
  isComposite,
  type MimePart,
  MimeScanner,
  type PartEncoding,
  recodedParts,
  signedPart,
} from 'mailwright'

/** A message whose binary parts cannot be made text: the signature of an outer part would be broken. */
export const signedBinary = 'signed binary part'

/**
 * The octets of a message with its parts of the encoding `binary` made base64 (RFC 3030 §3, RFC 2045 §6.2); the rest is left alone,
 * so that it still has to be looked at. Answers `signedBinary` where that would break a multipart/signed (RFC 1847 §2.1).
 */
export async function withoutBinaryParts(
  content: Content,
): Promise<AsyncIterable<Buffer> | typeof signedBinary> {
  const scanner = new MimeScanner()
  for await (const chunk of content.stream()) scanner.push(chunk)
  const { root } = scanner.finish()
  const changes = new Map<MimePart, PartEncoding>()
  const waiting = [root]
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (part.encoding === 'binary') changes.set(part, isComposite(part) ? '8bit' : 'base64')
    waiting.push(...(part.message === undefined ? part.children : [part.message]))
  }
  const octets = recodedParts(content, root, changes)
  return octets === signedPart ? signedBinary : octets
}
