import type { ImapArguments } from 'mailwright/imap'

/** Places in a list of results, counted from 1, or from the end backwards where negative (RFC 9394 §4). */
export interface Places {
  /** The place nearer to where it is counted from. */
  readonly first: number
  readonly last: number
}

export interface PartialRange extends Places {
  /** As it stands in the answer, its first place in front: `400:500` is the same as `500:400` (RFC 9394 §4). */
  readonly written: string
}

/** Reads `1:100` or `-1:-100`, the ends in either order. */
export function readPartialRange(args: ImapArguments): PartialRange {
  const sign = args.takes('-') ? '-' : ''
  const one = args.number(1)
  args.expects(`:${sign}`)
  const other = args.number(1)
  const [near, far] = one <= other ? [one, other] : [other, one]
  const written = `${sign}${near}:${sign}${far}`
  return sign === '' ? { first: near, last: far, written } : { first: -near, last: -far, written }
}

/** What stands at the places of a range; fewer where there are no more. */
export function itemsIn<Item>(items: readonly Item[], { first, last }: Places): readonly Item[] {
  if (first > 0) return items.slice(first - 1, last)
  return items.slice(Math.max(0, items.length + last), Math.max(0, items.length + first + 1))
}
