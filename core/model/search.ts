/** A calendar day without a time zone, as RFC 9051 §6.4.4 searches by: `2026-02-28`. */
export type Day = `${number}-${number}-${number}`

/** A range of UIDs, both ends included. */
export interface UidRange {
  readonly first: number
  readonly last: number
}

/**
 * What messages are looked for (RFC 9051 §6.4.4), as data. Every store gives the same answers to the same criterion.
 * Texts are found as substrings without regard to case and accents' encoding, after decoding; see `foldText`.
 */
export type SearchCriterion =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly of: readonly SearchCriterion[] }
  | { readonly kind: 'not'; readonly of: SearchCriterion }
  /** The array of ranges may be shared, and is not to be altered any more. */
  | { readonly kind: 'uids'; readonly ranges: readonly UidRange[] }
  /** A system flag or a keyword, in any case. */
  | { readonly kind: 'flag'; readonly flag: string }
  /** Size in octets, compared strictly. */
  | { readonly kind: 'larger' | 'smaller'; readonly octets: number }
  /** The internal date (or, for `saved`, when it came into the mailbox; RFC 8514), by its day in UTC. */
  | { readonly kind: 'internal' | 'saved'; readonly is: 'before' | 'on' | 'since'; readonly day: Day }
  /** The day that the Date field names, in its own time zone. A message without one is not found. */
  | { readonly kind: 'sent'; readonly is: 'before' | 'on' | 'since'; readonly day: Day }
  /** The internal date within the last so many seconds, or not; exactly so many ago is both (RFC 5032). */
  | { readonly kind: 'younger' | 'older'; readonly seconds: number }
  /** A field of the message's header that, decoded, holds the text; an empty text finds every message that has the field. */
  | { readonly kind: 'header'; readonly field: string; readonly text: string }
  /** Anywhere in the decoded bodies of text parts (HTML as it is written) or in the header of an attached message. */
  | { readonly kind: 'body'; readonly text: string }
  /** Where `body` looks, or in the header or that of a part; in headers as they are written, or decoded. */
  | { readonly kind: 'text'; readonly text: string }
  /** The mod-sequence is this or a later one (RFC 7162 §3.1.5). */
  | { readonly kind: 'modSequence'; readonly from: number }
