import type { Header } from '../model/header/header-fields.ts'
import { MimePart, type PartHead } from '../model/mime/mime-part.ts'
import { type ContentType, parseContentType } from '../model/mime/parameters.ts'
import { readKeptHeader, skipHeader, writeHeader } from './kept-header.ts'
import type { OctetReader } from './octet-reader.ts'
import type { OctetWriter } from './octet-writer.ts'
import { keptFields, mimeFields } from './summary-fields.ts'

const HAS_MESSAGE = 1
const IS_DIGEST_MESSAGE = 2

const plainText = knownType('text/plain; charset=us-ascii')
const wholeMessage = knownType('message/rfc822')

/**
 * Writes a MIME tree, each part behind those that lie in it, the root last. The root's header is not written; of other
 * headers, what a summary keeps. However deep the tree is, the stack is not.
 */
export function writeStructure(writer: OctetWriter, root: MimePart): void {
  const parts = childrenFirst(root)
  writer.number(parts.length)
  for (const { part, isMessage } of parts) {
    writer.number(part.children.length)
    writer.number(
      (part.message === undefined ? 0 : HAS_MESSAGE) | (isDigestMessage(part) ? IS_DIGEST_MESSAGE : 0),
    )
    writer.number(part.headerStart)
    writer.number(part.bodyStart - part.headerStart)
    writer.number(part.bodyEnd - part.bodyStart)
    writer.number(part.lines)
    if (part === root) continue
    const { fields } = isMessage ? keptFields(part.header) : mimeFields(part.header)
    writeHeader(writer, part.header, fields)
  }
}

/**
 * Makes the tree of what was written; undefined where that is no tree. What stands above a part is read when it is asked
 * for.
 */
export function readStructure(reader: OctetReader, rootHeader: Header): MimePart | undefined {
  // Parts that no multipart and no message has taken in yet.
  const waiting: MimePart[] = []
  const count = reader.number()
  for (let number = 1; number <= count && reader.isWhole; number += 1) {
    const childCount = reader.number()
    const flags = reader.number()
    const headerStart = reader.number()
    const bodyStart = headerStart + reader.number()
    const bodyEnd = bodyStart + reader.number()
    const lines = reader.number()
    const isInDigest = (flags & IS_DIGEST_MESSAGE) !== 0
    const head = number === count ? headOf(rootHeader, isInDigest) : new KeptHead(reader.fork(), isInDigest)
    if (number < count) skipHeader(reader)
    const message = (flags & HAS_MESSAGE) === 0 ? undefined : waiting.pop()
    if (childCount > waiting.length) return undefined
    const children = childCount === 0 ? [] : waiting.splice(waiting.length - childCount)
    waiting.push(new MimePart(head, { headerStart, bodyStart, bodyEnd, lines }, { children, message }))
  }
  return reader.isWhole && waiting.length === 1 ? waiting[0] : undefined
}

/** A tree of one part, for a message of which no more is known. */
export function unknownStructure(header: Header): MimePart {
  const extent = { headerStart: 0, bodyStart: header.size, bodyEnd: header.size, lines: 0 }
  return new MimePart({ header, contentType: plainText }, extent, { children: [], message: undefined })
}

interface PlacedPart {
  readonly part: MimePart
  /** Whether it is a message: its header is one, not only MIME fields. */
  readonly isMessage: boolean
}

/** All parts, each behind those that lie in it. */
function childrenFirst(root: MimePart): readonly PlacedPart[] {
  const found: PlacedPart[] = []
  const open: PlacedPart[] = [{ part: root, isMessage: true }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    found.push(next)
    for (const child of next.part.children) open.push({ part: child, isMessage: false })
    if (next.part.message !== undefined) open.push({ part: next.part.message, isMessage: true })
  }
  return found.reverse()
}

// RFC 2046 §5.1.5: in a digest a part without a type is a message.
function isDigestMessage(part: MimePart): boolean {
  return part.contentType.type === 'message' && part.header.first('content-type') === undefined
}

/** What stands above a part that was written. */
class KeptHead implements PartHead {
  readonly #reader: OctetReader
  readonly #isInDigest: boolean
  #head: PartHead | undefined

  /** The reader stands before the header, and is for nobody else. */
  constructor(reader: OctetReader, isInDigest: boolean) {
    this.#reader = reader
    this.#isInDigest = isInDigest
  }

  get header(): Header {
    return this.#read().header
  }

  get contentType(): ContentType {
    return this.#read().contentType
  }

  #read(): PartHead {
    this.#head ??= headOf(readKeptHeader(this.#reader), this.#isInDigest)
    return this.#head
  }
}

function headOf(header: Header, isInDigest: boolean): PartHead {
  return { header, contentType: typeOf(header, isInDigest) }
}

/** The type that the scanner gave the part, which follows from its header and where it stands. */
function typeOf(header: Header, isInDigest: boolean): ContentType {
  const field = header.first('content-type')
  if (field !== undefined) return parseContentType(field.body) ?? plainText
  return isInDigest ? wholeMessage : plainText
}

function knownType(text: string): ContentType {
  const parsed = parseContentType(text)
  if (parsed === undefined) throw new TypeError(`not a media type: ${text}`)
  return parsed
}
