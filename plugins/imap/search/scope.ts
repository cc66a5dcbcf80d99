import type { Mailbox, MessageEntry, UidRange } from 'mailwright'
import type { ImapSearchScope, ImapSelected, ImapSequenceSet } from 'mailwright/imap'
import { settledRanges } from '../engine/sequence-set.ts'

/** The selected mailbox, where numbers are those that its client knows. */
export function selectedScope(selected: ImapSelected): ImapSearchScope {
  // A search may name it thousands of times, and it may be of thousands of ranges.
  let saved: readonly UidRange[] | undefined
  return {
    mailbox: selected.mailbox,
    selected,
    ranges(set, byUid) {
      if (set !== '$') return rangesIn(selected.messages, set, byUid)
      saved ??= rangesOf(selected.saved)
      return saved
    },
  }
}

/** Another mailbox, where numbers are those of its messages at this moment. */
export function otherScope(mailbox: Mailbox): ImapSearchScope {
  return {
    mailbox,
    selected: undefined,
    ranges: (set, byUid) => (set === '$' ? [] : rangesIn(mailbox.entries, set, byUid)),
  }
}

function rangesIn(
  messages: readonly MessageEntry[],
  set: Exclude<ImapSequenceSet, '$'>,
  byUid: boolean,
): readonly UidRange[] {
  if (byUid) return uidRanges(set, messages.at(-1)?.uid ?? 0)
  return settledRanges(set, messages.length).flatMap(({ first, last }) => {
    const [from, to] = [messages[Math.max(first, 1) - 1], messages[Math.min(last, messages.length) - 1]]
    return from === undefined || to === undefined ? [] : [{ first: from.uid, last: to.uid }]
  })
}

/** `*` is the last message; a range that ends with it has no end, as a search may be run again when there are more. */
function uidRanges(set: Exclude<ImapSequenceSet, '$'>, star: number): readonly UidRange[] {
  return set.map(({ first, last }) => {
    const [low, high] = first <= last ? [first, last] : [last, first]
    if (high < Number.POSITIVE_INFINITY) return { first: low, last: high }
    return low === high ? { first: star, last: star } : { first: Math.min(low, star), last: high }
  })
}

/** UIDs, ascending, as ranges. */
export function rangesOf(uids: readonly number[]): UidRange[] {
  const ranges: { first: number; last: number }[] = []
  let range = { first: -1, last: -1 }
  for (const uid of uids) {
    if (uid === range.last + 1 && range.first >= 0) range.last = uid
    else {
      range = { first: uid, last: uid }
      ranges.push(range)
    }
  }
  return ranges
}
