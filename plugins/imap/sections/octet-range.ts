import type { Content } from 'mailwright'
import type { Partial } from './section.ts'

/** Octets of a content, from `start` up to, not including, `end`. */
export interface OctetRange {
  readonly start: number
  readonly end: number
}

/**
 * A range of a content, or a part of it: what begins behind the end is empty, and what goes beyond it is cut (RFC 9051
 * §6.4.5). Nothing is read yet.
 */
export function slice(content: Content, range: OctetRange, partial?: Partial): Content {
  const end = Math.min(range.end, content.size)
  const start = Math.min(range.start + (partial?.start ?? 0), end)
  const stop = partial === undefined ? end : Math.min(start + partial.length, end)
  if (start === 0 && stop === content.size) return content
  const at = (offset: number) => Math.min(start + Math.max(0, offset), stop)
  return {
    size: stop - start,
    read: (from, to) => content.read(at(from), at(to)),
    stream: (from = 0, to = stop - start) => content.stream(at(from), at(to)),
  }
}
