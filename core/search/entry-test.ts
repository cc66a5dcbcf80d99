import type { SearchCriterion, UidRange } from '../model/search.ts'
import type { MessageEntry } from '../services/mailbox.ts'
import { dayOf } from './calendar-day.ts'
import { dayTest } from './day-test.ts'
import { invalidCriterion } from './invalid-criterion.ts'

/** A test of what is known of a message without reading it. */
export type EntryTest = (entry: MessageEntry) => boolean

/**
 * The test that a criterion stands for; undefined where the entry alone does not decide it. `now` is in milliseconds
 * since 1970. MAIL_E_INVALID for numbers and days that are none.
 */
export function entryTest(criterion: SearchCriterion, now: number): EntryTest | undefined {
  switch (criterion.kind) {
    case 'all':
      return () => true
    case 'uids':
      return uidTest(criterion.ranges)
    case 'flag':
      return flagTest(criterion.flag)
    case 'larger':
    case 'smaller':
      return sizeTest(criterion.kind, checked(criterion.octets))
    case 'internal':
    case 'saved': {
      const holds = dayTest(criterion.is, criterion.day)
      return criterion.kind === 'internal'
        ? ({ internalDate }) => holds(dayOf(internalDate))
        : ({ savedDate }) => holds(dayOf(savedDate))
    }
    case 'younger':
    case 'older':
      return ageTest(criterion.kind, Math.floor(now / 1000) - checked(criterion.seconds))
    case 'modSequence': {
      const from = checked(criterion.from)
      return ({ modSequence }) => modSequence >= from
    }
    default:
      return undefined
  }
}

function sizeTest(kind: 'larger' | 'smaller', octets: number): EntryTest {
  return kind === 'larger' ? ({ size }) => size > octets : ({ size }) => size < octets
}

/** `moment` in seconds, as finer nobody is told of dates. RFC 5032: a message of exactly that age is found by both. */
function ageTest(kind: 'younger' | 'older', moment: number): EntryTest {
  const second = (date: Date): number => Math.floor(date.getTime() / 1000)
  return kind === 'younger'
    ? ({ internalDate }) => second(internalDate) >= moment
    : ({ internalDate }) => second(internalDate) <= moment
}

function flagTest(flag: string): EntryTest {
  const name = flag.toLowerCase()
  const isIt = (each: string) => each === flag || (each.length === flag.length && each.toLowerCase() === name)
  return ({ flags }) => flags.some(isIt)
}

function uidTest(ranges: readonly UidRange[]): EntryTest {
  const firsts: number[] = []
  const lasts: number[] = []
  for (const { first, last } of merged(ranges)) {
    firsts.push(first)
    lasts.push(last)
  }
  return ({ uid }) => {
    // The last range that begins at or before the UID.
    let low = 0
    let high = firsts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((firsts[middle] ?? 0) <= uid) low = middle + 1
      else high = middle
    }
    return low > 0 && uid <= (lasts[low - 1] ?? 0)
  }
}

/** The same UIDs in ranges that ascend and do not touch. RFC 9051 §9 lets a range have its ends in either order. */
function merged(ranges: readonly UidRange[]): readonly UidRange[] {
  const ordered = ranges
    .map(({ first, last }) => ({
      first: Math.min(checked(first), checked(last)),
      last: Math.max(first, last),
    }))
    .sort((a, b) => a.first - b.first)
  const result: { first: number; last: number }[] = []
  for (const range of ordered) {
    const previous = result.at(-1)
    if (previous === undefined || range.first > previous.last + 1) result.push(range)
    else previous.last = Math.max(previous.last, range.last)
  }
  return result
}

function checked(value: number): number {
  if (typeof value !== 'number' || Number.isNaN(value)) throw invalidCriterion(`${value} is not a number`)
  return value
}
