import { imapHeaderFields, type MessageSummary } from 'mailwright'
import type { Partial, Section } from './section.ts'
import { textWithoutNul } from './without-nul.ts'

/** A section of a message as a literal; undefined where the message itself has to be read. */
export type KnownSection = (summary: Pick<MessageSummary, 'header' | 'omitted'>) => string | undefined

/**
 * How summaries tell a section, or a part of it: what lists ask for, without reading messages. Undefined for sections that
 * no summary has.
 */
export function knownSection({ part, text, fields }: Section, partial?: Partial): KnownSection | undefined {
  const octetsOf = part.length > 0 || text !== 'HEADER.FIELDS' ? undefined : imapHeaderFields(fields)
  if (octetsOf === undefined) return undefined
  return (summary) => {
    const octets = octetsOf(summary)
    if (octets === undefined) return undefined
    const asked = partial === undefined ? octets : octets.slice(partial.start, partial.start + partial.length)
    return `{${asked.length}}\r\n${textWithoutNul(asked)}`
  }
}
