import { type Content, type Header, parseHeader } from 'mailwright'

const headerEnd = Buffer.from('\r\n\r\n')
const firstLook = 16 * 1024
const lastLook = 1024 * 1024

/** The header of a message that was received, as far as the first 1 MiB, without reading the rest of the message. */
export async function readHead(content: Content): Promise<Header> {
  let octets = await content.read(0, firstLook)
  if (octets.length < content.size && !hasHeaderEnd(octets)) octets = await content.read(0, lastLook)
  const end = octets.indexOf(headerEnd)
  return parseHeader(end === -1 ? octets : octets.subarray(0, end + headerEnd.length))
}

/** How many servers the message has passed (RFC 5321 §6.3). */
export function countHops(header: Header): number {
  return header.all('Received').length
}

function hasHeaderEnd(octets: Buffer): boolean {
  return octets.includes(headerEnd)
}
