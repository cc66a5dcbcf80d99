import { indexOfUid } from '../model/mailbox.ts'
import type { SearchCriterion, UidRange } from '../model/search.ts'
import type { MessageEntry } from '../services/mailbox.ts'

/**
 * The entries (ascending by UID) that a criterion leaves where it names UIDs, or a few more: the others need not be looked
 * at. The criterion was checked.
 */
export function entriesWithin(
  entries: readonly MessageEntry[],
  criterion: SearchCriterion,
): readonly MessageEntry[] {
  const ranges = namedRanges(criterion)
  if (ranges === undefined) return entries
  let first = Number.POSITIVE_INFINITY
  let last = 0
  for (const range of ranges) {
    first = Math.min(first, range.first, range.last)
    last = Math.max(last, range.first, range.last)
  }
  return entries.slice(indexOfUid(entries, first), indexOfUid(entries, last + 1))
}

function namedRanges(criterion: SearchCriterion): readonly UidRange[] | undefined {
  if (criterion.kind === 'uids') return criterion.ranges
  if (criterion.kind !== 'and') return undefined
  for (const each of criterion.of) if (each.kind === 'uids') return each.ranges
  return undefined
}
