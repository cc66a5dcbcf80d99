import type { EnvelopeFields } from './header/envelope-fields.ts'
import type { Header } from './header/header-fields.ts'
import type { MimePart } from './mime/mime-part.ts'

/** What listings and searches need of a message, without its octets. A store may keep it beside the message. */
export interface MessageSummary {
  readonly uid: number
  /**
   * The message's header, without fields that only trace its way; `isSummaryField` says which are there. Fields are as
   * they stand; their `start` and `end` count in this header, not in the message.
   */
  readonly header: Header
  /**
   * Names, in lower case, of fields that `isSummaryField` would have kept, but that are too large: `header` may lack
   * some or all fields of that name. Whoever needs them reads the message.
   */
  readonly omitted: readonly string[]
  readonly envelope: EnvelopeFields
  /**
   * The MIME tree with its octet offsets. The root's own header is `header`; that of an attached message is kept by the
   * same rule; other parts have their MIME fields (RFC 2045 §3), as they stand.
   */
  readonly structure: MimePart
  /** The beginning of the text, decoded, white space folded, at most 200 characters (RFC 8970 §3). */
  readonly preview: string
}

/** A summary of octets that have no UID yet. */
export type SummaryFacts = Omit<MessageSummary, 'uid'>
