import { parsePostmark } from '../formats/mbox-postmark.ts'
import { bufferContent, type Content, joinedContent, type Slice } from '../model/content.ts'
import { type Header, parseHeader } from '../model/header.ts'
import { findHeaderSection } from './header-section.ts'

/** A message that fields may be put on top of. */
export interface SeparateHeader {
  /** Its fields, as far as they are looked at. */
  readonly header: Header
  readonly content: Content
}

/** What the beginning of a message tells. */
interface Head {
  /** Whether the end of the fields was found. */
  readonly isWhole: boolean
  readonly header: Header
  /** Whether the line of an mbox stands at the top. */
  readonly hasPostmark: boolean
  /** Where an empty line is lacking between the fields and the text. */
  readonly lacking: number | undefined
}

const firstLook = 16_384
const lastLook = 1_048_576
const longestPostmark = 4_096
const LF = 10

/**
 * Has the header of a message end where its fields do: before the first line that is no field an empty one is put in, as Postfix
 * does. Otherwise fields on top would make the text a part of the header, and a first line that begins with white space a
 * part of themselves. The line of an mbox at the top (RFC 4155) becomes a field, by the name that Postfix gives it. No
 * other octet is changed. A header is looked at as far as 1 MiB.
 */
export async function separateHeader(content: Content): Promise<SeparateHeader> {
  const { size } = content
  let head = findHead(await content.read(0, firstLook), size)
  if (!head.isWhole) head = findHead(await content.read(0, lastLook), size)
  const { header, hasPostmark, lacking } = head
  if (!hasPostmark && lacking === undefined) return { header, content }
  const slices = [
    newOctets(hasPostmark ? 'X-Mailbox-Line: ' : ''),
    { content, start: 0, end: lacking ?? size },
    newOctets(lacking === undefined ? '' : '\r\n'),
    { content, start: lacking ?? size, end: size },
  ]
  return { header, content: joinedContent(slices) }
}

/** `octets`: the first ones of so many. */
function findHead(octets: Buffer, size: number): Head {
  const postmark = postmarkSize(octets)
  const section = findHeaderSection(octets.subarray(postmark), octets.length === size)
  const fields = section === undefined ? octets.length : postmark + section.fields
  const lacksEmptyLine = section !== undefined && section.body === section.fields && fields < size
  return {
    isWhole: section !== undefined,
    header: parseHeader(octets.subarray(postmark, fields)),
    hasPostmark: postmark > 0,
    lacking: lacksEmptyLine ? fields : undefined,
  }
}

/** Octets of the postmark at the top; some programs have put `>` before it. A line without a date is text. */
function postmarkSize(octets: Buffer): number {
  if (!/^>*From /.test(octets.toString('latin1', 0, 32))) return 0
  const end = octets.subarray(0, longestPostmark).indexOf(LF) + 1
  const line = octets.toString('latin1', 0, end).replace(/^>+/, '')
  return parsePostmark(line) === undefined ? 0 : end
}

function newOctets(text: string): Slice {
  return { content: bufferContent(Buffer.from(text)), start: 0, end: text.length }
}
