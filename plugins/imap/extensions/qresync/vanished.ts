import type { MessageEntry, UidRange } from 'mailwright'
import type { ImapSelected, ImapSession } from 'mailwright/imap'
import { rangesOf } from '../../search/scope.ts'
import type { KnownNumbers } from './known-messages.ts'

/** Ranges of one response. */
const atOnce = 1_000

/**
 * Tells what was expunged after a mod-sequence, of some UIDs or of all (RFC 7162 §3.2.10.1). Where the store does not
 * remember that far back, all that are not there count. `ranges` ascend.
 */
export async function tellVanished(
  { out }: ImapSession,
  selected: ImapSelected,
  modSequence: number,
  ranges: readonly UidRange[],
): Promise<void> {
  const { mailbox, messages } = selected
  const remembered = await mailbox.vanishedSince(modSequence)
  // What the client takes for there is not told of: that it is gone is told by VANISHED without EARLIER.
  const missing = intersection(gapsIn(messages, mailbox.uidNext), ranges)
  const gone = remembered === undefined ? missing : intersection(missing, rangesOf(remembered))
  for (let start = 0; start < gone.length; start += atOnce) {
    out.untagged(`VANISHED (EARLIER) ${rangesText(gone.slice(start, start + atOnce))}`)
    await out.ready()
  }
}

/** UIDs that were given and are not there. */
function gapsIn(messages: readonly MessageEntry[], uidNext: number): readonly UidRange[] {
  const gaps: UidRange[] = []
  let next = 1
  for (const { uid } of messages) {
    if (uid > next) gaps.push({ first: next, last: uid - 1 })
    next = uid + 1
  }
  if (uidNext > next) gaps.push({ first: next, last: uidNext - 1 })
  return gaps
}

/** What is in both; both ascend, and so does the result. */
export function intersection(one: readonly UidRange[], other: readonly UidRange[]): readonly UidRange[] {
  const common: UidRange[] = []
  let [at, atOther] = [0, 0]
  for (;;) {
    const [range, otherRange] = [one[at], other[atOther]]
    if (range === undefined || otherRange === undefined) return common
    const first = Math.max(range.first, otherRange.first)
    const last = Math.min(range.last, otherRange.last)
    if (first <= last) common.push({ first, last })
    if (range.last < otherRange.last) at += 1
    else atOther += 1
  }
}

function rangesText(ranges: readonly UidRange[]): string {
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}:${last}`)).join(',')
}

/**
 * The highest UID up to which nothing can have been expunged, since the client knows a message there by its number
 * (RFC 7162 §3.2.5.2); 0 where there is none.
 */
export function unchangedUpTo(messages: readonly MessageEntry[], matches: readonly KnownNumbers[]): number {
  for (const { number, uid, count } of matches.toReversed()) {
    const offset = lastMatch(messages, number, uid, count)
    if (offset >= 0) return uid + offset
  }
  return 0
}

/** How far the message's UID is above its number only grows: the last place where it fits is found by halving. */
function lastMatch(messages: readonly MessageEntry[], number: number, uid: number, count: number): number {
  let [low, high] = [0, Math.min(count, messages.length - number + 1)]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (uidAt(messages, number + middle) <= uid + middle) low = middle + 1
    else high = middle
  }
  return low > 0 && uidAt(messages, number + low - 1) === uid + low - 1 ? low - 1 : -1
}

function uidAt(messages: readonly MessageEntry[], number: number): number {
  return messages[number - 1]?.uid ?? 0
}
