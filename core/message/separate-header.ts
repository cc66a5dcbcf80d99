import { parsePostmark } from '../formats/mbox-postmark.ts'
import { bufferContent, type Content, joinedContent, type Slice } from '../model/content.ts'
import { type Header, parseHeader } from '../model/header/header.ts'
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
  /** Where each of the lines of an mbox at the top ends. */
  readonly postmarks: readonly number[]
  /** Where an empty line is lacking between the fields and the text. */
  readonly lacking: number | undefined
}

const firstLook = 16_384
const lastLook = 1_048_576
const longestPostmark = 4_096
const mostPostmarks = 100
const LF = 10

/**
 * Has the header of a message end where its fields do: before the first line that is no field an empty one is put in, as Postfix
 * does. Otherwise fields on top would make the text a part of the header, and a first line that begins with white space a
 * part of themselves. Each line of an mbox at the top (RFC 4155) becomes a field, by the name that Postfix gives it. No
 * other octet is changed. A header is looked at as far as 1 MiB.
 */
export async function separateHeader(content: Content): Promise<SeparateHeader> {
  const { size } = content
  let head = findHead(await content.read(0, firstLook), size)
  if (!head.isWhole) head = findHead(await content.read(0, lastLook), size)
  const { header, postmarks, lacking } = head
  if (postmarks.length === 0 && lacking === undefined) return { header, content }
  const marks = postmarks.flatMap((end, index) => [
    newOctets('X-Mailbox-Line: '),
    { content, start: postmarks[index - 1] ?? 0, end },
  ])
  const slices = [
    ...marks,
    { content, start: postmarks.at(-1) ?? 0, end: lacking ?? size },
    newOctets(lacking === undefined ? '' : '\r\n'),
    { content, start: lacking ?? size, end: size },
  ]
  return { header, content: joinedContent(slices) }
}

/** `octets`: the first ones of so many. */
function findHead(octets: Buffer, size: number): Head {
  const isWhole = octets.length === size
  const postmarks = findPostmarks(octets, isWhole)
  const postmark = postmarks.at(-1) ?? 0
  const section = findHeaderSection(octets.subarray(postmark), isWhole)
  const fields = section === undefined ? octets.length : postmark + section.fields
  const lacksEmptyLine = section !== undefined && section.body === section.fields && fields < size
  return {
    isWhole: section !== undefined,
    header: parseHeader(octets.subarray(postmark, fields)),
    postmarks,
    lacking: lacksEmptyLine ? fields : undefined,
  }
}

/**
 * Where the postmarks at the top end. A line without a date is one where fields stand behind it, and else the beginning of a text.
 */
function findPostmarks(octets: Buffer, isWhole: boolean): readonly number[] {
  const ends: number[] = []
  let dated = 0
  while (ends.length < mostPostmarks) {
    const start = ends.at(-1) ?? 0
    const end = postmarkEnd(octets, start)
    if (end === undefined) break
    ends.push(end)
    const line = octets.toString('latin1', start, end).replace(/^>+/, '')
    if (dated === ends.length - 1 && parsePostmark(line) !== undefined) dated = ends.length
  }
  return startsWithField(octets.subarray(ends.at(-1) ?? 0), isWhole) ? ends : ends.slice(0, dated)
}

/** Behind a line `From somebody`; some programs have put `>` before it, and `From :` is a field. */
function postmarkEnd(octets: Buffer, start: number): number | undefined {
  const line = octets.subarray(start, start + longestPostmark)
  const length = line.indexOf(LF) + 1
  if (length === 0 || !/^>*From /.test(line.toString('latin1', 0, 32))) return undefined
  return startsWithField(line, false) ? undefined : start + length
}

function startsWithField(octets: Buffer, isWhole: boolean): boolean {
  return findHeaderSection(octets, isWhole)?.fields !== 0
}

function newOctets(text: string): Slice {
  return { content: bufferContent(Buffer.from(text)), start: 0, end: text.length }
}
