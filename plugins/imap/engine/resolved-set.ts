import { indexOfUid, type MessageEntry } from 'mailwright'
import type { ImapSequenceSet } from 'mailwright/imap'
import { bad, Refusal } from './result.ts'
import { settledRanges } from './sequence-set.ts'

/** The messages of a set, ascending; see `ImapSelected.resolve`. */
export function resolvedSet(
  messages: readonly MessageEntry[],
  set: Exclude<ImapSequenceSet, '$'>,
  byUid: boolean,
): readonly MessageEntry[] {
  const star = byUid ? (messages.at(-1)?.uid ?? 0) : messages.length
  const found: MessageEntry[][] = []
  for (const { first, last } of settledRanges(set, star)) {
    if (!byUid && (first < 1 || last > messages.length)) throw new Refusal(bad('There is no such message'))
    const [start, end] = byUid
      ? [indexOfUid(messages, first), indexOfUid(messages, last + 1)]
      : [first - 1, last]
    found.push(messages.slice(start, end))
  }
  return found.length === 1 && found[0] !== undefined ? found[0] : found.flat()
}
