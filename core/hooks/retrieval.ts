import type { Account } from '../model/account.ts'
import type { Session } from '../model/session.ts'
import type { CheckHook, NotifyHook } from './kinds.ts'

/** A mailbox of an account. */
export interface MailboxName {
  readonly account: Account
  /** The name with `/` between levels; `INBOX` is the inbox. */
  readonly mailbox: string
}

/** What someone wants to do with a mailbox. */
export interface AccessRequest extends MailboxName {
  readonly session: Session
  readonly action: 'read' | 'write' | 'delete'
}

/** Why a mailbox changed. */
export type ChangeCause = 'delivery' | 'append' | 'copy' | 'move' | 'store' | 'expunge' | 'external'

/** A change to messages of a mailbox that has happened, whatever caused it. */
export interface MailboxChange extends MailboxName {
  readonly cause: ChangeCause
  readonly uidValidity: number
  /** Ascending. Empty for a delivery whose UIDs are assigned when the mailbox is next opened. */
  readonly uids: readonly number[]
  /** For flags: the flags after the change, in the order of the uids. */
  readonly flags?: readonly (readonly string[])[]
  /** Where the messages came from (copy, move) or went to: a move into Junk trains the filter. */
  readonly from?: string
  readonly to?: string
  /** The queue id or the session that caused it, where known. */
  readonly origin?: string
}

/** Hooks of mailboxes and what is in them, for every protocol that reads them. */
export interface RetrievalHooks {
  /**
   * May this session do that with this mailbox?
   *
   * - Kind: check. When: before a mailbox is opened. Previous: `loggedIn`. Next: `mailboxOpened`.
   * - No answer: it may, if the store's rights allow it. Standard: RFC 4314 §4.
   */
  readonly checkAccess: CheckHook<[request: AccessRequest]>
  /**
   * A mailbox was opened by a session.
   *
   * - Kind: notify. When: after opening, not awaited. Previous: `checkAccess`. Next: `messageFlagged`, `messageExpunged`.
   * - No answer: nothing. Standard: RFC 9051 §6.3.2, RFC 1939 §4.
   */
  readonly mailboxOpened: NotifyHook<[request: AccessRequest]>
  /**
   * Messages came into a mailbox.
   *
   * - Kind: notify. When: they are durable, not awaited. Previous: `deliver`. Next: none.
   * - No answer: nothing. Standard: RFC 9051 §7.4.1.
   */
  readonly messageStored: NotifyHook<[change: MailboxChange]>
  /**
   * Flags or keywords of messages changed.
   *
   * - Kind: notify. When: the change is durable, not awaited. Previous: `mailboxOpened`. Next: none.
   * - No answer: nothing. Standard: RFC 9051 §7.5.2.
   */
  readonly messageFlagged: NotifyHook<[change: MailboxChange]>
  /**
   * Messages left a mailbox: expunged, or moved where `to` is set.
   *
   * - Kind: notify. When: the change is durable, not awaited. Previous: `mailboxOpened`. Next: none.
   * - No answer: nothing. Standard: RFC 9051 §7.5.1.
   */
  readonly messageExpunged: NotifyHook<[change: MailboxChange]>
}
