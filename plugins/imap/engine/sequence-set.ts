import type { ImapSequenceSet } from 'mailwright/imap'

/** Characters of a set; what they say is read by `readSequenceSet`. */
export const sequenceSetForm: RegExp = /\$|[0-9:*,]+/y

const range = /^(\*|[1-9]\d{0,9})(?::(\*|[1-9]\d{0,9}))?$/
const largest = 4_294_967_295

/** Reads RFC 9051 §9 sequence-set; undefined where it is none. */
export function readSequenceSet(text: string): ImapSequenceSet | undefined {
  if (text === '$') return '$'
  const ranges: { first: number; last: number }[] = []
  for (const piece of text.split(',')) {
    const matched = range.exec(piece)
    if (matched === null) return undefined
    const first = readNumber(matched[1])
    const last = matched[2] === undefined ? first : readNumber(matched[2])
    if (first === undefined || last === undefined) return undefined
    ranges.push({ first, last })
  }
  return ranges
}

function readNumber(text: string | undefined): number | undefined {
  if (text === '*') return Number.POSITIVE_INFINITY
  const number = Number(text)
  return number <= largest ? number : undefined
}

/** Ranges ascending, apart from each other, with `*` replaced. */
export function settledRanges(
  ranges: readonly { readonly first: number; readonly last: number }[],
  star: number,
): { first: number; last: number }[] {
  const settled = ranges
    .map(({ first, last }) => {
      const [one, other] = [first, last].map((end) => (end === Number.POSITIVE_INFINITY ? star : end)) as [
        number,
        number,
      ]
      return one <= other ? { first: one, last: other } : { first: other, last: one }
    })
    .sort((a, b) => a.first - b.first)
  const merged: { first: number; last: number }[] = []
  for (const next of settled) {
    const before = merged.at(-1)
    if (before !== undefined && next.first <= before.last + 1) before.last = Math.max(before.last, next.last)
    else merged.push(next)
  }
  return merged
}
