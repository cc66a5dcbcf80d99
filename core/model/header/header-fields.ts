import { isAscii } from 'node:buffer'
import { isEmptyLine } from '../mime/mime-line.ts'
import { HeaderField } from './header-field.ts'

/** How much of a header is looked at. What lies beyond is left unread and {@link Header.truncated} says so. */
export interface HeaderLimits {
  /** Octets of header, line ends included. */
  readonly octets: number
  /** Fields, and lines that are none. */
  readonly fields: number
}

/** The limits that hold where nobody asks for others: 1 MiB and 2,000 fields. */
export const defaultHeaderLimits: HeaderLimits = { octets: 1_048_576, fields: 2_000 }

// RFC 5322 §3.6.8 ftext; §4.5 lets white space stand before the colon.
const fieldName = /([\x21-\x39\x3b-\x7e]+)[ \t]*:/y
const CR = 13

/** How far a header reaches, and why it ends there. */
export interface HeaderExtent {
  readonly size: number
  readonly truncated: boolean
  readonly ended: boolean
}

/** A header: its fields in order, exactly as received. Immutable. Names are compared without regard to case. */
export class Header {
  /** All fields in order, lines that are none included (with an empty name). */
  readonly fields: readonly HeaderField[]
  /** Octets of the header, the empty line that ends it included. */
  readonly size: number
  /** Whether limits left a part of the header unread. */
  readonly truncated: boolean
  /** Whether an empty line ended it; otherwise the octets did. */
  readonly ended: boolean
  readonly #source: string
  #byName: Map<string, HeaderField[]> | undefined

  constructor(source: string, fields: readonly HeaderField[], extent: HeaderExtent) {
    this.#source = source
    this.fields = fields
    this.size = extent.size
    this.truncated = extent.truncated
    this.ended = extent.ended
  }

  /** The first field of this name. */
  first(name: string): HeaderField | undefined {
    return this.#index().get(name.toLowerCase())?.[0]
  }

  /** All fields of this name, in order; empty when there is none. */
  all(name: string): readonly HeaderField[] {
    return this.#index().get(name.toLowerCase()) ?? []
  }

  /** The decoded text ({@link HeaderField.text}) of the first field of this name. */
  text(name: string): string | undefined {
    return this.first(name)?.text
  }

  /** The names that occur, in lower case, in the order of their first field. */
  get names(): readonly string[] {
    return [...this.#index().keys()]
  }

  /** Whether there are lines that are no field. */
  get hasStrayLines(): boolean {
    return this.fields.some((field) => field.name === '')
  }

  /** Whether there are octets beyond ASCII (RFC 6532, or a fault). */
  get hasEightBit(): boolean {
    return !isAscii(this.raw)
  }

  /** The octets that were read, the ending empty line included. A copy. */
  get raw(): Buffer {
    return Buffer.from(this.#source, 'latin1')
  }

  #index(): Map<string, HeaderField[]> {
    if (this.#byName !== undefined) return this.#byName
    const byName = new Map<string, HeaderField[]>()
    for (const field of this.fields) {
      if (field.name === '') continue
      const name = field.name.toLowerCase()
      const same = byName.get(name)
      if (same === undefined) byName.set(name, [field])
      else same.push(field)
    }
    this.#byName = byName
    return byName
  }
}

/** The same fields, for a header that goes on unread: how long it is and whether an empty line ends it. */
export function cutHeader(header: Header, extent: Pick<HeaderExtent, 'size' | 'ended'>): Header {
  return new Header(header.raw.toString('latin1'), header.fields, { ...extent, truncated: true })
}

/** Reads a header from octets that were taken as Latin-1, one character an octet; see `parseHeader`. An empty line ends it. */
export function readHeader(source: string, maxFields: number = defaultHeaderLimits.fields): Header {
  const fields: HeaderField[] = []
  let truncated = false
  let start = 0
  while (start < source.length) {
    if (isEmptyLine(source, start)) {
      const size = start + (source.charCodeAt(start) === CR ? 2 : 1)
      return new Header(source.slice(0, size), fields, { size, truncated, ended: true })
    }
    const end = endOfField(source, start)
    if (fields.length < maxFields) fields.push(readField(source, start, end))
    else truncated = true
    start = end
  }
  return new Header(source, fields, { size: source.length, truncated, ended: false })
}

function endOfField(source: string, start: number): number {
  let end = start
  do {
    end = source.indexOf('\n', end) + 1
    if (end === 0) return source.length
  } while (source[end] === ' ' || source[end] === '\t')
  return end
}

function readField(source: string, start: number, end: number): HeaderField {
  fieldName.lastIndex = start
  const matched = fieldName.exec(source)
  if (matched === null) return new HeaderField(source, '', start, start, end)
  return new HeaderField(source, matched[1] ?? '', start, fieldName.lastIndex, end)
}
