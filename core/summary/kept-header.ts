import type { HeaderField } from '../model/header-field.ts'
import { cutHeader, type Header, readHeader } from '../model/header-fields.ts'
import type { OctetReader } from './octet-reader.ts'
import type { OctetWriter } from './octet-writer.ts'

const ENDED = 1
const TRUNCATED = 2

/** Writes some fields of a header, as they stand, and how the header ended. */
export function writeHeader(writer: OctetWriter, header: Header, fields: readonly HeaderField[]): void {
  writer.number((header.ended ? ENDED : 0) | (header.truncated ? TRUNCATED : 0))
  const raw = header.raw
  if (fields.length === header.fields.length) {
    const end = fields.at(-1)?.end ?? 0
    writer.octets(raw.subarray(fields[0]?.start ?? end, end))
    return
  }
  writer.number(fields.reduce((size, field) => size + field.end - field.start, 0))
  for (const field of fields) writer.append(raw.subarray(field.start, field.end))
}

/** Steps over a header; see `readKeptHeader`. */
export function skipHeader(reader: OctetReader): void {
  reader.number()
  reader.skip()
}

/** Makes a header of the fields that were written. */
export function readKeptHeader(reader: OctetReader): Header {
  const flags = reader.number()
  const fields = reader.text('latin1')
  const ended = (flags & ENDED) !== 0
  // A field that limits cut off has no line end of its own; the empty line must not become one.
  const lineEnd = fields === '' || fields.endsWith('\n') ? '' : '\r\n'
  const header = readHeader(ended ? `${fields}${lineEnd}\r\n` : fields, Number.POSITIVE_INFINITY)
  return (flags & TRUNCATED) === 0 ? header : cutHeader(header, { size: header.size, ended })
}
