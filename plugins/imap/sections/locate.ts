import type { MimePart } from 'mailwright'
import type { OctetRange } from './octet-range.ts'
import type { Section } from './section.ts'

/** A place of which BODYSTRUCTURE speaks though the message has nothing there. */
const NOWHERE = 'nowhere'

/**
 * Where a section's octets lie; for HEADER.FIELDS and HEADER.FIELDS.NOT the header that they are taken from. Undefined
 * where the message has no such section (RFC 9051 §6.4.5.1).
 */
export function locate(root: MimePart, section: Section): OctetRange | undefined {
  const { part: numbers, text } = section
  if (numbers.length === 0) return rangeIn(root, text)
  const part = partAt(root, numbers)
  if (part === undefined) return undefined
  if (part === NOWHERE) return { start: 0, end: 0 }
  if (text === undefined) return { start: part.bodyStart, end: part.bodyEnd }
  if (text === 'MIME') return { start: part.headerStart, end: part.bodyStart }
  if (part.message !== undefined) return rangeIn(part.message, text)
  return isMessage(part) ? { start: 0, end: 0 } : undefined
}

/** The part that numbers name; of a message without parts, the first is its body. Undefined where there is none. */
export function findPart(root: MimePart, numbers: readonly number[]): MimePart | undefined {
  const part = numbers.length === 0 ? root : partAt(root, numbers)
  return part === NOWHERE ? undefined : part
}

function rangeIn(message: MimePart, text: Section['text']): OctetRange {
  if (text === 'TEXT') return { start: message.bodyStart, end: message.bodyEnd }
  return { start: message.headerStart, end: text === undefined ? message.bodyEnd : message.bodyStart }
}

function partAt(
  root: MimePart,
  [first = 0, ...more]: readonly number[],
): MimePart | typeof NOWHERE | undefined {
  let part = bodyPartAt(root, first)
  for (const number of more) {
    if (part === undefined || part === NOWHERE) return undefined
    // Within a message that lies in another, numbers are those of its own parts.
    part = part.message === undefined ? childAt(part, number) : bodyPartAt(part.message, number)
  }
  return part
}

/** A part of a message's body: the body itself is part 1 where it is no multipart. */
function bodyPartAt(message: MimePart, number: number): MimePart | typeof NOWHERE | undefined {
  if (message.contentType.type === 'multipart') return childAt(message, number)
  return number === 1 ? message : undefined
}

function childAt(part: MimePart, number: number): MimePart | typeof NOWHERE | undefined {
  const child = part.children[number - 1]
  if (child !== undefined) return child
  // The structure shows one part of an empty multipart, and of a message that could not be taken apart.
  const hasNone = part.children.length === 0 && (part.contentType.type === 'multipart' || isMessage(part))
  return hasNone && number === 1 ? NOWHERE : undefined
}

function isMessage({ contentType: { type, subtype } }: MimePart): boolean {
  return type === 'message' && (subtype === 'rfc822' || subtype === 'global')
}
