import type { Content } from '../model/content.ts'
import type { FlagChange } from '../model/flags.ts'
import type { SearchCriterion } from '../model/search.ts'
import type { MessageSummary } from '../model/summary.ts'
import type { Appended, AppendMessage } from './store.ts'

/** What is known of a message without reading it. A value of the moment. */
export interface MessageEntry {
  /** Never changes, never used again while UIDVALIDITY stands (RFC 9051 §2.3.1.1). 1 to 4,294,967,295. */
  readonly uid: number
  /**
   * Stable name of the message in this account, the same for a copy and after a move (RFC 8474 §5.1).
   * Printable, no spaces.
   */
  readonly id: string
  /**
   * What POP3 clients know it by, where another server gave it a name before (RFC 1939 §7). Else POP3 makes one of
   * UIDVALIDITY and UID.
   */
  readonly uidl?: string
  /** Octets with CRLF line ends. */
  readonly size: number
  /** System flags as in RFC 9051 (`\Seen`) and keywords, sorted. */
  readonly flags: readonly string[]
  readonly internalDate: Date
  /** When it came into this mailbox (RFC 8514). */
  readonly savedDate: Date
  /** 0 where `supports.modSequences` is false. */
  readonly modSequence: number
}

export interface FlagChangeOptions {
  /** Messages whose flags changed after this mod-sequence are left alone and named (RFC 7162 §3.1.3). */
  readonly unchangedSince?: number
}

export interface ExpungeOptions {
  /** Messages that have lost their `\\Deleted` by the time they would be removed stay (RFC 9051 §6.4.3); without it no flag counts. */
  readonly onlyDeleted?: boolean
}

export interface FlagOutcome {
  /** The new entries of those that exist and were not left alone, ascending. */
  readonly entries: readonly MessageEntry[]
  /** UIDs of those left alone because of `unchangedSince`, ascending. */
  readonly modified: readonly number[]
}

/** Where copied or moved messages went (RFC 4315 §3, COPYUID). */
export interface Transfer {
  readonly uidValidity: number
  /** Each message's UID here and there, ascending by the first. */
  readonly uids: readonly (readonly [from: number, to: number])[]
}

/**
 * One opened mailbox. `entries` is a view that changes only at `refresh` and by this object's own changes, so that
 * message sequence numbers can be built on it.
 */
export interface Mailbox {
  readonly name: string
  /** Stays when the mailbox is renamed, and no other mailbox of the account ever has it (RFC 8474 §4). */
  readonly id: string
  readonly uidValidity: number
  readonly uidNext: number
  /**
   * Complete right after opening and `refresh` only: after a change of its own it may pass over changes by others that are
   * not shown yet.
   */
  readonly highestModSequence: number
  /** Ascending by UID. */
  readonly entries: readonly MessageEntry[]
  /**
   * Notices what others did since; answers whether anything changed. MAIL_E_NOT_FOUND where the mailbox was deleted; perhaps
   * MAIL_E_UNAVAILABLE where another one has its name by now, or its UIDs were given anew.
   */
  refresh(): Promise<boolean>
  /** The message's octets with CRLF line ends. MAIL_E_NOT_FOUND where it was removed by someone else. */
  content(uid: number): Promise<Content>
  /**
   * Header, structure and preview of messages, mostly without reading them. Ascending by UID, whatever the order they are
   * asked in; those that were removed by someone else are left out.
   */
  summaries(uids: readonly number[]): AsyncIterable<MessageSummary>
  /** UIDs of those entries of the view that meet a criterion, ascending. */
  search(criterion: SearchCriterion): Promise<readonly number[]>
  /**
   * UIDs that were expunged after this mod-sequence, ascending; perhaps some that went before it too. Undefined where
   * the store does not remember that far back: then all that are not there count as expunged (RFC 7162 §3.2.5).
   */
  vanishedSince(modSequence: number): Promise<readonly number[] | undefined>
  /** Changes flags of those that still exist. */
  changeFlags(uids: readonly number[], change: FlagChange, options?: FlagChangeOptions): Promise<FlagOutcome>
  /** Removes messages: all, or, where it fails, none. Those gone already do not count. Answers the UIDs removed. */
  expunge(uids: readonly number[], options?: ExpungeOptions): Promise<readonly number[]>
  /** Copies into a mailbox of the same account: all or none. MAIL_E_NOT_FOUND where the target does not exist. */
  copy(uids: readonly number[], target: string): Promise<Transfer>
  /** The same, and the originals are gone. A crash may leave both, never neither. */
  move(uids: readonly number[], target: string): Promise<Transfer>
  /**
   * Puts a message into this mailbox in place of one of the view, which is gone as soon as that is there (RFC 8508 §3). Fails
   * as `AccountStore.append` does; the quota is asked only for what is more than the other's octets. Undefined where the other
   * one is gone already: then nothing was put in, and nobody has seen anything. A crash may leave both, never neither. Absent:
   * whoever wants it appends and expunges.
   */
  readonly replace?:
    | ((uid: number, message: AppendMessage, origin?: string) => Promise<Appended | undefined>)
    | undefined
  close(): Promise<void>
}
