import type { SearchCriterion, UidRange } from '../model/search.ts'
import type { Mailbox } from '../services/mailbox.ts'
import type { ImapArguments, ImapSequenceSet } from './arguments.ts'
import type { ImapSelected } from './selected.ts'
import type { ImapSession } from './session.ts'

/** Where a search looks: what numbers of messages mean there. */
export interface ImapSearchScope {
  readonly mailbox: Mailbox
  /** The mailbox as its client knows it, where it is the one that is selected. */
  readonly selected: ImapSelected | undefined
  /**
   * UIDs of a set of numbers, or of UIDs. Numbers beyond the last message are no mistake here (RFC 7377 §2), and `$` is
   * nothing where the mailbox is not the one that is selected.
   */
  ranges(set: ImapSequenceSet, byUid: boolean): readonly UidRange[]
}

/** A criterion once it is known where it is applied. */
export type ImapSearchTerm = (scope: ImapSearchScope) => SearchCriterion

export interface ImapSearchParser {
  readonly args: ImapArguments
  readonly session: ImapSession
  /** One key that follows, for those that hold others: NOT. */
  key(): ImapSearchTerm
  /** An astring in the command's charset, as text. */
  text(): string
  /** The client used MODSEQ: the highest one found is answered (RFC 7162 §3.1.5). */
  usesModSequence: boolean
}

/** Reads what stands behind a key's name. */
export type ImapSearchKey = (parser: ImapSearchParser) => ImapSearchTerm

/** The command that a return option stands in. */
export interface ImapSearchRequest {
  readonly session: ImapSession
  readonly tag: string
  /** Nothing else is searched than the selected mailbox. */
  readonly selectedOnly: boolean
}

/** What was found in a mailbox, for SEARCH and SORT. */
export interface ImapSearchResult {
  readonly session: ImapSession
  readonly mailbox: Mailbox
  /** Where the mailbox is the one that is selected. */
  readonly selected: ImapSelected | undefined
  readonly tag: string
  /** What ESEARCH responses about it begin with: `(TAG "a1")`. */
  readonly correlator: string
  readonly byUid: boolean
  /** UIDs in the order found: ascending for SEARCH, sorted for SORT. */
  readonly uids: readonly number[]
  /** The numbers that are answered, in the same order. */
  readonly numbers: readonly number[]
  /** SORT: sets must keep the order. */
  readonly sorted: boolean
  /**
   * Runs the same search once more over what the mailbox holds then, or over some of its messages. Sequence numbers in it
   * mean the messages that they meant (RFC 5267 §4.3).
   */
  again(among?: readonly number[]): Promise<readonly number[]>
}

/** Reads what stands behind the option's name; answers what makes its part of ESEARCH. */
export type ImapSearchReturn = (args: ImapArguments, request: ImapSearchRequest) => ImapSearchAnswer

export interface ImapSearchAnswer {
  /** Such as `COUNT 5`; empty for none. */
  part(result: ImapSearchResult): string
  /**
   * UIDs of the messages that the part tells of: what SAVE keeps, and what the highest mod-sequence is of (RFC 5182 §2.4,
   * RFC 4731 §3.2). An option without it tells of none.
   */
  readonly tells?: 'all' | ((result: ImapSearchResult) => readonly number[])
  /** It only counts them: how many messages a command may tell of does not concern it (RFC 9738). */
  readonly counts?: boolean
  /** It needs no ESEARCH response: SAVE alone. */
  readonly silent?: boolean
  /** It is only said to the server: where there is nothing else, all is told as if it were not there. */
  readonly hint?: boolean
  /** When all names are read: options that exclude each other fail here. */
  check?(names: readonly string[], args: ImapArguments): void
  /** The response is written. `told` are the UIDs of all parts together, ascending. */
  answered?(result: ImapSearchResult, told: readonly number[]): void | Promise<void>
  /** The command is answered NO. */
  refused?(session: ImapSession): void
}
