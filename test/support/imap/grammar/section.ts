import type { Cursor } from './cursor.ts'
import { astring, list, nzNumber } from './lexis.ts'

/** section, with its brackets: keywords and names of header fields in upper case. */
export function section(cursor: Cursor): string {
  cursor.expect('[')
  const spec = cursor.sees(']') ? '' : sectionSpec(cursor)
  cursor.expect(']')
  return `[${spec}]`
}

function sectionSpec(cursor: Cursor): string {
  if (!isDigit(cursor.peek())) return sectionText(cursor, false)
  const part = sectionPart(cursor)
  return cursor.takes('.') ? `${part}.${sectionText(cursor, true)}` : part
}

/** section-part. A dot behind it is left for what follows. */
export function sectionPart(cursor: Cursor): string {
  let part = `${nzNumber(cursor)}`
  while (cursor.sees('.') && isDigit(cursor.octets[cursor.position + 1] ?? 0)) {
    cursor.expect('.')
    part += `.${nzNumber(cursor)}`
  }
  return part
}

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39
}

/** section-msgtext, and section-text where it belongs to a part. */
function sectionText(cursor: Cursor, ofPart: boolean): string {
  for (const name of ['HEADER.FIELDS.NOT', 'HEADER.FIELDS']) {
    if (cursor.takes(`${name} `)) return `${name} (${list(cursor, fieldName).join(' ')})`
  }
  for (const name of ['HEADER', 'TEXT']) if (cursor.takes(name)) return name
  if (ofPart && cursor.takes('MIME')) return 'MIME'
  return cursor.fail('expected a section')
}

/** header-fld-name */
function fieldName(cursor: Cursor): string {
  return astring(cursor).toUpperCase()
}
