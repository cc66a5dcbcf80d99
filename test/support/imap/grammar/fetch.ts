import { type BodyStructure, body } from './body-structure.ts'
import type { Cursor } from './cursor.ts'
import { type Envelope, envelope } from './envelope.ts'
import { list, modSequence, nil, nstring, nstring8, number, number64, nzNumber, word } from './lexis.ts'
import { section, sectionPart } from './section.ts'
import { dateTime, flagFetch, flagList, objectId } from './values.ts'

/** msg-att: what a FETCH response says of a message. Octets are latin1 text. */
export interface FetchItems {
  readonly flags?: readonly string[]
  readonly uid?: number
  readonly modSequence?: bigint
  readonly internalDate?: string
  readonly size?: bigint
  readonly envelope?: Envelope
  readonly body?: BodyStructure
  readonly bodyStructure?: BodyStructure
  /**
   * `BODY[…]`, `BINARY[…]` and, of RFC 3501, `RFC822…`, by what stands before the value; keywords in upper case. NIL is
   * undefined.
   */
  readonly sections: ReadonlyMap<string, string | undefined>
  readonly binarySizes: ReadonlyMap<string, number>
  readonly emailId?: string
  readonly threadId?: string | undefined
  readonly saveDate?: string | undefined
  readonly preview?: string | undefined
  /** Which items came, in their order: keywords in upper case. */
  readonly names: readonly string[]
}

type Building = FetchItems & {
  readonly sections: Map<string, string | undefined>
  readonly binarySizes: Map<string, number>
  readonly names: string[]
}

type ItemReader = (cursor: Cursor) => Partial<FetchItems>

const readers: Readonly<Record<string, ItemReader>> = {
  FLAGS: (cursor) => ({ flags: flagList(cursor, flagFetch) }),
  UID: (cursor) => ({ uid: nzNumber(cursor) }),
  ENVELOPE: (cursor) => ({ envelope: envelope(cursor) }),
  INTERNALDATE: (cursor) => ({ internalDate: dateTime(cursor) }),
  'RFC822.SIZE': (cursor) => ({ size: size(cursor) }),
  BODY: (cursor) => ({ body: body(cursor, false) }),
  BODYSTRUCTURE: (cursor) => ({ bodyStructure: body(cursor, true) }),
  // RFC 7162 §7
  MODSEQ: (cursor) => ({ modSequence: inParentheses(cursor, modSequence) }),
  // RFC 8474 §7
  EMAILID: (cursor) => ({ emailId: objectId(cursor) }),
  THREADID: (cursor) => ({ threadId: nil(cursor) ? undefined : objectId(cursor) }),
  // RFC 8514 §5
  SAVEDATE: (cursor) => ({ saveDate: nil(cursor) ? undefined : dateTime(cursor) }),
  // RFC 8970 §6
  PREVIEW: (cursor) => ({ preview: nstring(cursor) }),
}

// RFC 3501 §9; RFC 9051 has them no more.
const ofRevision1 = ['RFC822', 'RFC822.HEADER', 'RFC822.TEXT']

/** msg-att: in parentheses, at least one item, none twice. */
export function messageAttributes(cursor: Cursor): FetchItems {
  const items: Building = { sections: new Map(), binarySizes: new Map(), names: [] }
  list(cursor, () => {
    const start = cursor.position
    const name = attribute(cursor, items)
    if (items.names.includes(name)) cursor.fail(`${name} comes twice`, start)
    items.names.push(name)
  })
  return items
}

const nameChar = Array.from({ length: 256 }, (_, octet) => /[A-Za-z0-9.]/.test(String.fromCharCode(octet)))

/** Reads one item, and answers its name with what stands in brackets behind it. */
function attribute(cursor: Cursor, items: Building): string {
  const start = cursor.position
  const keyword = word(cursor, nameChar, 'the name of an item').toUpperCase()
  if (cursor.sees('[')) return inBrackets(cursor, items, keyword)
  const read = readers[keyword]
  if (read === undefined && (cursor.dialect.rev2 || !ofRevision1.includes(keyword)))
    cursor.fail('not an item of a FETCH response', start)
  cursor.space()
  if (read === undefined) items.sections.set(keyword, nstring(cursor))
  else Object.assign(items, read(cursor))
  return keyword
}

function inBrackets(cursor: Cursor, items: Building, keyword: string): string {
  switch (keyword) {
    case 'BODY': {
      const name = `BODY${section(cursor)}${origin(cursor)}`
      cursor.space()
      items.sections.set(name, nstring(cursor))
      return name
    }
    case 'BINARY': {
      const name = `BINARY[${binarySection(cursor)}]${origin(cursor)}`
      cursor.space()
      items.sections.set(name, nstring8(cursor))
      return name
    }
    case 'BINARY.SIZE': {
      const part = binarySection(cursor)
      cursor.space()
      items.binarySizes.set(part, number(cursor))
      return `BINARY.SIZE[${part}]`
    }
    default:
      return cursor.fail('not an item with a section')
  }
}

/** section-binary */
function binarySection(cursor: Cursor): string {
  cursor.expect('[')
  const part = cursor.sees(']') ? '' : sectionPart(cursor)
  cursor.expect(']')
  return part
}

/** `["<" number ">"]`: where a partial text begins. */
function origin(cursor: Cursor): string {
  if (!cursor.takes('<')) return ''
  const from = number(cursor)
  cursor.expect('>')
  return `<${from}>`
}

/** Of 32 bits in RFC 3501 §9. */
function size(cursor: Cursor): bigint {
  return cursor.dialect.rev2 ? number64(cursor) : BigInt(number(cursor))
}

function inParentheses<T>(cursor: Cursor, read: (cursor: Cursor) => T): T {
  cursor.expect('(')
  const value = read(cursor)
  cursor.expect(')')
  return value
}
