import {
  type ImapSearchResult,
  type ImapSelected,
  type ImapSession,
  indexOfUid,
  type Mailbox,
  type MessageEntry,
} from 'mailwright'

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
export function numbersOf(selected: ImapSelected, uids: readonly number[]): readonly number[] {
  const { messages } = selected
  let at = 0
  return uids.map((uid) => {
    // Mostly they ascend, and one follows the other.
    if (messages[at]?.uid !== uid) at = indexOfUid(messages, uid)
    at += 1
    return at
  })
}

/** The highest mod-sequence of messages, UIDs ascending; 0 where there are none. */
export function highestModSequence(messages: readonly MessageEntry[], uids: readonly number[]): number {
  let highest = 0
  let at = 0
  for (const uid of uids) {
    if (messages[at]?.uid !== uid) at = indexOfUid(messages, uid)
    const message = messages[at]
    if (message?.uid === uid) highest = Math.max(highest, message.modSequence)
    at += 1
  }
  return highest
}
