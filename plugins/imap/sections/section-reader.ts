import type { ImapArguments } from 'mailwright/imap'
import type { Partial, Section, SectionText } from './section.ts'

/** What reading a section needs of a command's arguments. */
export type SectionReader = Pick<
  ImapArguments,
  'sees' | 'takes' | 'expects' | 'space' | 'list' | 'astring' | 'number' | 'number64' | 'fail'
>

// The longest first, as one begins with the other.
const texts: readonly SectionText[] = ['HEADER.FIELDS.NOT', 'HEADER.FIELDS', 'HEADER', 'TEXT', 'MIME']

/** Reads RFC 9051 §9 section, from `[` to `]`. Fails as the reader does. */
export function readSection(reader: SectionReader): Section {
  reader.expects('[')
  const part: number[] = []
  if (reader.takes(']')) return { part, text: undefined, fields: [] }
  const section = readSpecification(reader, part)
  reader.expects(']')
  return section
}

/** Reads RFC 9051 §9 section-binary: part numbers alone. Fails as the reader does. */
export function readBinarySection(reader: SectionReader): Section {
  reader.expects('[')
  const part: number[] = []
  if (!reader.sees(']')) {
    do part.push(partNumber(reader))
    while (reader.takes('.'))
  }
  reader.expects(']')
  return { part, text: undefined, fields: [] }
}

/** Reads RFC 9051 §9 section-spec, which is what stands between the brackets and in URLs (RFC 5092 §6). */
export function readSectionSpecification(reader: SectionReader): Section {
  return readSpecification(reader, [])
}

function readSpecification(reader: SectionReader, part: number[]): Section {
  do {
    const text = texts.find((each) => reader.takes(each))
    if (text !== undefined) return { part, text, fields: fieldsOf(reader, part, text) }
    part.push(partNumber(reader))
  } while (reader.takes('.'))
  return { part, text: undefined, fields: [] }
}

function fieldsOf(reader: SectionReader, part: readonly number[], text: SectionText): readonly string[] {
  // RFC 9051 §6.4.5.1: MIME must be prefixed by a part number.
  if (text === 'MIME' && part.length === 0) reader.fail('MIME needs a part number')
  if (text !== 'HEADER.FIELDS' && text !== 'HEADER.FIELDS.NOT') return []
  reader.space()
  return reader.list(() => reader.astring(), 1)
}

function partNumber(reader: SectionReader): number {
  // RFC 9051 §9: nz-number does not begin with 0.
  if (reader.sees('0')) reader.fail('A part number does not begin with 0')
  return reader.number(1)
}

/** Reads RFC 9051 §9 partial, `<0.100>`, where it stands. Fails as the reader does. */
export function readPartial(reader: SectionReader): Partial | undefined {
  if (!reader.takes('<')) return undefined
  const start = reader.number64()
  reader.expects('.')
  if (reader.sees('0')) reader.fail('The length does not begin with 0')
  const length = reader.number64()
  reader.expects('>')
  return { start, length }
}
