import { astring } from '../format/strings.ts'

/** What of a message or part is meant (RFC 9051 §6.4.5.1). */
export type SectionText = 'HEADER' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT' | 'TEXT' | 'MIME'

/** What stands between the brackets of BODY[…] and BINARY[…]. */
export interface Section {
  /** Part numbers, each counted from 1; empty for the message itself. */
  readonly part: readonly number[]
  /** Undefined for all of the message, or the body of the part. */
  readonly text: SectionText | undefined
  /** The fields' names as the client gave them, for `HEADER.FIELDS` and `HEADER.FIELDS.NOT`. */
  readonly fields: readonly string[]
}

/** A part of a section's octets (RFC 9051 §9 partial). */
export interface Partial {
  /** The first octet, counted from 0. */
  readonly start: number
  /** At most so many octets; not 0. */
  readonly length: number
}

/** The whole message. */
export const wholeMessage: Section = { part: [], text: undefined, fields: [] }

/** The header of the message. */
export const messageHeader: Section = { part: [], text: 'HEADER', fields: [] }

/** The body of the message. */
export const messageText: Section = { part: [], text: 'TEXT', fields: [] }

/** Whether a part of the message is meant, so that its structure has to be known. */
export function isOfPart(section: Section): boolean {
  return section.part.length > 0
}

/**
 * A section as responses have it: `[1.HEADER.FIELDS (From)]`, and `<0>` behind it where a part of it is given (RFC 9051
 * §7.5.2).
 */
export function sectionText({ part, text, fields }: Section, partial?: Partial): string {
  const path = [...part, ...(text === undefined ? [] : [text])].join('.')
  const names = fields.length === 0 ? '' : ` (${fields.map((name) => astring(name, false)).join(' ')})`
  return `[${path}${names}]${partial === undefined ? '' : `<${partial.start}>`}`
}
