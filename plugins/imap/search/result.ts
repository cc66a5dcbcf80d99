import { type Mailbox, type MessageEntry, uidFinder } from 'mailwright'
import type { ImapSearchResult, ImapSelected, ImapSession } from 'mailwright/imap'

/** What is known of a search that was run. */
export interface SearchFindings {
  readonly session: ImapSession
  readonly mailbox: Mailbox
  readonly selected: ImapSelected | undefined
  readonly tag: string
  readonly byUid: boolean
  readonly uids: readonly number[]
  readonly sorted: boolean
  again(among?: readonly number[]): Promise<readonly number[]>
}

/** The result that return options make their parts of. */
export function searchResult(findings: SearchFindings, correlator: string): ImapSearchResult {
  const { byUid, selected, uids } = findings
  const numbers = byUid || selected === undefined ? uids : numbersOf(selected, uids)
  return { ...findings, numbers, correlator, again: (among) => findings.again(among) }
}

/** Sequence numbers of messages that the client knows of, in their order. */
export function numbersOf({ messages }: ImapSelected, uids: ArrayLike<number>): readonly number[] {
  const find = (uids.length < many ? undefined : tableOf(messages)) ?? uidFinder(messages)
  const numbers: number[] = []
  for (let index = 0; index < uids.length; index += 1) numbers.push(find(uids[index] as number) + 1)
  return numbers
}

/** For so many a table is worth while: looking for each would take long, since messages lie here and there in memory. */
const many = 1_000
/** UIDs that a table has for each message, at most. */
const sparsest = 32

/** Places by UID; undefined where UIDs are so far apart that a table would be large. */
function tableOf(messages: readonly MessageEntry[]): ((uid: number) => number) | undefined {
  const first = messages[0]?.uid ?? 0
  const range = (messages.at(-1)?.uid ?? 0) - first + 1
  if (range > messages.length * sparsest) return undefined
  const table = new Uint32Array(range)
  for (let index = 0; index < messages.length; index += 1)
    table[(messages[index] as MessageEntry).uid - first] = index + 1
  return (uid) => (table[uid - first] ?? 0) - 1
}

/** The highest mod-sequence of messages, UIDs ascending; 0 where there are none. */
export function highestModSequence(messages: readonly MessageEntry[], uids: readonly number[]): number {
  let highest = 0
  const find = uidFinder(messages)
  for (const uid of uids) highest = Math.max(highest, messages[find(uid)]?.modSequence ?? 0)
  return highest
}
