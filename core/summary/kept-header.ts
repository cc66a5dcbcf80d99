import type { HeaderField } from '../model/header/header-field.ts'
import { cutHeader, type Header, readHeader } from '../model/header/header-fields.ts'
import type { KeptHeader } from './field-selection.ts'
import type { OctetReader } from './octet-reader.ts'
import type { OctetWriter } from './octet-writer.ts'

const ENDED = 1
const TRUNCATED = 2

/** Writes some fields of a header, as they stand, and how the header ended. */
export function writeHeader(writer: OctetWriter, header: Header, fields: readonly HeaderField[]): void {
  writer.number((header.ended ? ENDED : 0) | (header.truncated ? TRUNCATED : 0))
  const raw = header.raw
  writer.number(fields.reduce((size, field) => size + field.end - field.start, 0))
  let start = 0
  let end = 0
  for (const field of fields) {
    // Fields that stand one behind the other are written at once.
    if (field.start !== end) {
      writer.append(raw, start, end)
      start = field.start
    }
    end = field.end
  }
  writer.append(raw, start, end)
}

/** Steps over a header; see `readKeptHeader`. */
export function skipHeader(reader: OctetReader): void {
  reader.number()
  reader.skip()
}

/** Reads fields that were written, and how their header ended. */
export function readKeptFields(reader: OctetReader): Omit<KeptHeader, 'omitted'> {
  const flags = reader.number()
  return {
    fields: reader.text('latin1'),
    ended: (flags & ENDED) !== 0,
    truncated: (flags & TRUNCATED) !== 0,
  }
}

/** Makes a header of the fields that were written. */
export function readKeptHeader(reader: OctetReader): Header {
  const { fields, ended, truncated } = readKeptFields(reader)
  // A field that limits cut off has no line end of its own; the empty line must not become one.
  const lineEnd = fields === '' || fields.endsWith('\n') ? '' : '\r\n'
  const header = readHeader(ended ? `${fields}${lineEnd}\r\n` : fields, Number.POSITIVE_INFINITY)
  return truncated ? cutHeader(header, { size: header.size, ended }) : header
}
