import { expect, it } from 'vitest'
import type { SearchCriterion } from '../model/search.ts'
import type { MessageEntry } from '../services/mailbox.ts'
import { entriesWithin } from './entries-within.ts'

const date = new Date(0)
const entries: readonly MessageEntry[] = [2, 4, 6, 8].map((uid) => ({
  uid,
  id: `m${uid}`,
  size: 1,
  flags: [],
  internalDate: date,
  savedDate: date,
  modSequence: 1,
}))

const uids = (...ranges: readonly (readonly [number, number])[]): SearchCriterion => ({
  kind: 'uids',
  ranges: ranges.map(([first, last]) => ({ first, last })),
})
const seen: SearchCriterion = { kind: 'flag', flag: '\\Seen' }

it.each([
  ['one range', uids([4, 6]), [4, 6]],
  ['its ends the other way', uids([6, 3]), [4, 6]],
  ['several', uids([6, 6], [1, 2]), [2, 4, 6]],
  ['without end', uids([5, Number.POSITIVE_INFINITY]), [6, 8]],
  ['none there', uids([5, 5]), []],
  ['beyond the last', uids([9, 99]), []],
  ['no range', uids(), []],
  ['among others', { kind: 'and', of: [seen, uids([4, 4])] }, [4]],
  ['in a choice', { kind: 'or', of: [seen, uids([4, 4])] }, [2, 4, 6, 8]],
  ['not', { kind: 'not', of: uids([4, 4]) }, [2, 4, 6, 8]],
  ['no UIDs', seen, [2, 4, 6, 8]],
] as const satisfies readonly (readonly [string, SearchCriterion, readonly number[]])[])(
  '%s',
  (_, criterion, left) => {
    expect(entriesWithin(entries, criterion).map(({ uid }) => uid)).toEqual(left)
  },
)
