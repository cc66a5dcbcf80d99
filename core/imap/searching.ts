import type { SearchCriterion } from '../model/search.ts'
import type { Mailbox } from '../services/mailbox.ts'
import type { ImapArguments, ImapSequenceSet } from './arguments.ts'
import type { ImapSelected } from './selected.ts'
import type { ImapSession } from './session.ts'

/** Where a search looks: what numbers of messages mean there. */
export interface ImapSearchScope {
  /** UIDs of a set of numbers, or of UIDs. */
  uids(set: ImapSequenceSet, byUid: boolean): readonly number[]
  readonly mailbox: Mailbox
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

/** What was found, for SEARCH and SORT. */
export interface ImapSearchResult {
  readonly session: ImapSession
  readonly selected: ImapSelected
  readonly byUid: boolean
  /** UIDs in the order found: ascending for SEARCH, sorted for SORT. */
  readonly uids: readonly number[]
  /** The numbers that are answered, in the same order. */
  readonly numbers: readonly number[]
  /** SORT: `ALL` must keep the order. */
  readonly sorted: boolean
  /** Runs the same search once more over what the mailbox holds then (RFC 5267). */
  again(): Promise<readonly number[]>
  readonly tag: string
}

/** Reads what stands behind the option's name; answers what makes its part of ESEARCH, empty for none. */
export type ImapSearchReturn = (args: ImapArguments, session: ImapSession) => ImapSearchAnswer

export interface ImapSearchAnswer {
  /** Such as `COUNT 5`. */
  part(result: ImapSearchResult): string
  /** It needs no ESEARCH response: SAVE alone. */
  readonly silent?: boolean
  /** All at once, before any part is made: options that exclude each other fail here. */
  check?(names: readonly string[], args: ImapArguments): void
}
