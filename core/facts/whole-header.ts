import type { Content } from '../model/content.ts'
import { defaultHeaderLimits, type Header, parseHeader } from '../model/header/header.ts'

// Nearly every header is shorter.
const firstRead = 65_536

/** A message's header with all its fields, within the usual limits. Fails as the content does. */
export async function wholeHeader(content: Content): Promise<Header> {
  const header = parseHeader(await content.read(0, firstRead))
  if (header.ended || content.size <= firstRead) return header
  return parseHeader(await content.read(0, defaultHeaderLimits.octets))
}
