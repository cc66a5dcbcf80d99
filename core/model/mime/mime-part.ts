import { withoutComments } from '../header/comments.ts'
import type { Header } from '../header/header-fields.ts'
import {
  type ContentDisposition,
  type ContentType,
  parseContentDisposition,
  suggestedFilename,
} from './parameters.ts'

/** Where a part lies, in octets from the start of the message. */
export interface PartExtent {
  /** First octet of the part's header. */
  readonly headerStart: number
  /** First octet of its body: behind the empty line. */
  readonly bodyStart: number
  /** Behind the last octet of its body; the line end before a delimiter is not part of it (RFC 2046 §5.1.1). */
  readonly bodyEnd: number
  /** Line ends (LF octets) in the body. */
  readonly lines: number
}

/**
 * What stands above a part's body. Asked for it may be read only then: most parts of a large message are never looked
 * at.
 */
export interface PartHead {
  /** The part's own header: for a message its whole header, for a part of a multipart its MIME fields. */
  readonly header: Header
  /** The type, as far as it can be read; else what RFC 2045 §5.2 (and RFC 2046 §5.1.5 for digests) say. */
  readonly contentType: ContentType
}

/** What a part holds, by its kind. */
export interface PartContent {
  /** The parts of a multipart; empty for others, and for a multipart that could not be taken apart. */
  readonly children: readonly MimePart[]
  /** The message in a message/rfc822 or message/global; absent where it could not be taken apart. */
  readonly message: MimePart | undefined
}

// RFC 2045 §6.1: a token, in any case; some programs put it in quotes or a comment behind it.
const encodingToken = /^[ \t"']*([^\s"'();]+)/

/** One node of the MIME tree: a message or a part of one. Immutable; what needs decoding is decoded when asked for. */
export class MimePart implements PartHead, PartExtent, PartContent {
  readonly headerStart: number
  readonly bodyStart: number
  readonly bodyEnd: number
  readonly lines: number
  readonly children: readonly MimePart[]
  readonly message: MimePart | undefined
  readonly #head: PartHead
  #disposition: ContentDisposition | null | undefined

  constructor(head: PartHead, extent: PartExtent, content: PartContent) {
    this.#head = head
    this.headerStart = extent.headerStart
    this.bodyStart = extent.bodyStart
    this.bodyEnd = extent.bodyEnd
    this.lines = extent.lines
    this.children = content.children
    this.message = content.message
  }

  get header(): Header {
    return this.#head.header
  }

  get contentType(): ContentType {
    return this.#head.contentType
  }

  /** Octets of the body as it stands, encoded. */
  get size(): number {
    return this.bodyEnd - this.bodyStart
  }

  /** `type/subtype` in lower case. */
  get mediaType(): string {
    return `${this.contentType.type}/${this.contentType.subtype}`
  }

  /** Content-Transfer-Encoding in lower case (RFC 2045 §6.1), also one that nobody knows; `7bit` where none is given. */
  get encoding(): string {
    return transferEncoding(this.header)
  }

  /** Content-Disposition (RFC 2183). */
  get disposition(): ContentDisposition | undefined {
    if (this.#disposition === undefined) {
      const field = this.header.first('content-disposition')
      this.#disposition = (field && parseContentDisposition(field.body)) ?? null
    }
    return this.#disposition ?? undefined
  }

  /** The file name the part suggests, decoded. Attacker's text: never a path to write to. */
  get filename(): string | undefined {
    return suggestedFilename(this.disposition, this.contentType)
  }

  /** Content-ID as written, angle brackets included (RFC 2045 §7). */
  get id(): string | undefined {
    return this.#body('content-id')
  }

  /** Content-Description as written; `header.text` decodes it (RFC 2045 §8). */
  get description(): string | undefined {
    return this.#body('content-description')
  }

  /** The tags of Content-Language (RFC 3282), at most 100. */
  get languages(): readonly string[] {
    const body = this.#body('content-language')
    const tags = body === undefined ? [] : withoutComments(body).split(',', 100)
    return tags.map((tag) => tag.trim()).filter((tag) => tag !== '')
  }

  /** Content-Location (RFC 2557). */
  get location(): string | undefined {
    return this.#body('content-location')
  }

  /** Content-MD5 (RFC 1864). */
  get md5(): string | undefined {
    return this.#body('content-md5')
  }

  #body(name: string): string | undefined {
    return this.header.first(name)?.body
  }
}

/** The transfer encoding a header declares, in lower case; `7bit` where it declares none. */
export function transferEncoding(header: Header): string {
  const written = header.first('content-transfer-encoding')?.body
  if (written === undefined) return '7bit'
  return encodingToken.exec(written)?.[1]?.toLowerCase() ?? '7bit'
}

/** A part with the number that IMAP gives it. */
export interface NumberedPart {
  /** RFC 9051 §6.4.5.1 section: `1`, `2.1`; empty for the message itself where that is a multipart. */
  readonly section: string
  readonly part: MimePart
}

/**
 * Walks a tree in the order of the octets, each part with its IMAP section number. A message in a message is walked
 * through as IMAP numbers it: the root of a nested multipart has no number of its own and is left out.
 */
export function* walkParts(root: MimePart): Generator<NumberedPart> {
  const waiting: NumberedPart[] = [{ section: root.children.length > 0 ? '' : '1', part: root }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next
    const { section, part } = next
    const prefix = section === '' ? '' : `${section}.`
    const nested = part.message
    if (nested !== undefined && nested.children.length === 0)
      waiting.push({ section: `${prefix}1`, part: nested })
    const children = nested?.children ?? part.children
    for (let index = children.length - 1; index >= 0; index -= 1) {
      const child = children[index]
      if (child !== undefined) waiting.push({ section: `${prefix}${index + 1}`, part: child })
    }
  }
}
