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

// Of a message that has more, the names are put into a set, as it may be asked for thousands of flags.
const fewFlags = 10

function flagTest(flag: string): EntryTest {
  const name = flag.toLowerCase()
  const isIt = (each: string) => each === flag || (each.length === flag.length && each.toLowerCase() === name)
  return ({ flags }) => (flags.length > fewFlags ? namesOf(flags).has(name) : flags.some(isIt))
}

let named: { readonly flags: readonly string[]; readonly names: ReadonlySet<string> } | undefined

/**
 * Flags in lower case. Those of the last message are kept: all that is asked of one is asked in a row. They are known by
 * their array, which nobody may alter.
 */
function namesOf(flags: readonly string[]): ReadonlySet<string> {
  if (named?.flags !== flags) named = { flags, names: new Set(flags.map((flag) => flag.toLowerCase())) }
  return named.names
}

// A criterion may have the same ranges in many places, and searches are made of one criterion again and again. Ranges are
// known by their array, which nobody may alter once it is in a criterion.
const uidTests = new WeakMap<readonly UidRange[], EntryTest>()

function uidTest(ranges: readonly UidRange[]): EntryTest {
  const known = uidTests.get(ranges)
  if (known !== undefined) return known
  const made = newUidTest(ranges)
  uidTests.set(ranges, made)
  return made
}

function newUidTest(ranges: readonly UidRange[]): EntryTest {
  const firsts: number[] = []
  const lasts: number[] = []
  for (const { first, last } of ascending(ranges)) {
    const end = lasts[lasts.length - 1]
    if (end === undefined || first > end + 1) {
      firsts.push(first)
      lasts.push(last)
    } else lasts[lasts.length - 1] = Math.max(end, last)
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

/**
 * The same ranges, ordered by where they begin. RFC 9051 §9 lets a range have its ends in either order. Those of a saved
 * result, which may be very many, are as they should be.
 */
function ascending(ranges: readonly UidRange[]): readonly UidRange[] {
  let isOrdered = true
  let before = Number.NEGATIVE_INFINITY
  for (const { first, last } of ranges) {
    checked(first)
    checked(last)
    isOrdered &&= before <= first && first <= last
    before = first
  }
  if (isOrdered) return ranges
  return ranges
    .map(({ first, last }) => ({ first: Math.min(first, last), last: Math.max(first, last) }))
    .sort((a, b) => a.first - b.first)
}

function checked(value: number): number {
  if (typeof value !== 'number' || Number.isNaN(value)) throw invalidCriterion(`${value} is not a number`)
  return value
}
