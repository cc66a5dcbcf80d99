import type { Content, MimePart } from 'mailwright'
import { FieldFilter } from './field-filter.ts'
import { headerEnd } from './header-end.ts'
import type { OctetBudget } from './kept-octets.ts'
import { locate } from './locate.ts'
import { filtered } from './octet-filter.ts'
import { type OctetRange, slice } from './octet-range.ts'
import type { Partial, Section } from './section.ts'
import { withoutNul } from './without-nul.ts'

/**
 * The octets of a section (RFC 9051 §6.4.5.1), or a part of them, ready for a literal: NUL is not among them. Undefined
 * (NIL) where the message has no such section. `structure` may be absent for sections of the message itself. No more is
 * read than the section, and what is needed to find it. `keeps` counts what is kept until it is written. Fails as the
 * content does.
 */
export async function sectionContent(
  section: Section,
  content: Content,
  structure: MimePart | undefined,
  partial?: Partial,
  keeps?: OctetBudget,
): Promise<Content | undefined> {
  const { text, fields } = section
  const range = structure === undefined ? await locateAlone(section, content) : locate(structure, section)
  if (range === undefined) return undefined
  if (fields.length === 0) return withoutNul(slice(content, range, partial))
  const keepsOthers = text === 'HEADER.FIELDS.NOT'
  const kept = await filtered(content, range, () => new FieldFilter(fields, keepsOthers), partial, keeps)
  return withoutNul(kept.content)
}

async function locateAlone(section: Section, content: Content): Promise<OctetRange> {
  const { size } = content
  if (section.part.length > 0) throw new TypeError('parts cannot be found without the structure')
  if (section.text === undefined) return { start: 0, end: size }
  const end = await headerEnd(content)
  return section.text === 'TEXT' ? { start: end, end: size } : { start: 0, end }
}
