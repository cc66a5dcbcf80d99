import type { Account } from '../model/account.ts'
import type { Content } from '../model/content.ts'
import type { AccessEntry, Rights, RightsIdentifier } from '../model/rights.ts'
import type { SpecialUse } from '../model/special-use.ts'
import { type ServiceKey, serviceKey } from './key.ts'
import type { Mailbox } from './mailbox.ts'

/** What a store can do beyond INBOX with UIDs, contents and expunge. Declared as data and read by everyone who asks. */
export interface StoreAbilities {
  /** Mailboxes beside INBOX, with `/` between levels. */
  readonly mailboxes: boolean
  /** The system flags of RFC 9051 §2.3.2. */
  readonly flags: boolean
  /** Keywords of the clients' own. */
  readonly keywords: boolean
  /** Mod-sequences, and which UIDs vanished (RFC 7162). */
  readonly modSequences: boolean
  /** Contents and UIDs outlive the process. */
  readonly persistent: boolean
  /** Several processes may work on one account. */
  readonly shared: boolean
  /** Subscriptions and special uses are remembered. */
  readonly subscriptions: boolean
  /** Annotations of mailboxes and of the account (RFC 5464). */
  readonly metadata: boolean
  /** Mailboxes may be opened to other accounts (RFC 4314). */
  readonly rights: boolean
}

/** What is known of a mailbox without opening it. */
export interface MailboxInfo {
  /** With `/` between levels. */
  readonly name: string
  readonly subscribed: boolean
  readonly specialUse?: SpecialUse
  /** Whose it is: the account's own, another account's, or nobody's (RFC 2342). */
  readonly namespace: 'personal' | 'other' | 'shared'
}

export interface MailboxStatus {
  readonly name: string
  /** As {@link Mailbox.id}. */
  readonly id: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly messages: number
  readonly unseen: number
  /** Messages with `\Deleted`. */
  readonly deleted: number
  /** Sum of the sizes in octets. */
  readonly size: number
  readonly highestModSequence: number
}

export interface CreateOptions {
  /** Takes it from the mailbox that has it. MAIL_E_UNSUPPORTED without `supports.subscriptions`. */
  readonly specialUse?: SpecialUse
}

export interface StageOptions {
  /** Initial flags and keywords. */
  readonly flags?: readonly string[]
  /** Now where absent. */
  readonly internalDate?: Date
  /**
   * Makes the mailbox where it does not exist, at the commit, or, unless it is somebody else's, anew where it was deleted
   * after the staging; else MAIL_E_NOT_FOUND.
   */
  readonly create?: boolean
  /** The queue id or session for `messageStored`. */
  readonly origin?: string
  readonly cause?: 'delivery' | 'append'
}

/**
 * A message that is durable but not yet in its mailbox: the first phase of a delivery to several places that must all
 * succeed. A commit or an abort ends it.
 */
export interface StagedMessage {
  /**
   * Makes what the commit needs and what may be refused, such as a missing mailbox; an abort after it may leave that
   * behind. Whoever commits several calls it for all of them before the first commit. Absent: nothing is to be made, or
   * making it does not fail.
   */
  prepare?(): Promise<void>
  /** Puts it into the mailbox; when this resolves it is there for good. */
  commit(): Promise<void>
  /** Removes it without a trace: no mailbox was made for it, unless by `prepare`. Never fails for what is gone already. */
  abort(): Promise<void>
}

/** A message to be put into a mailbox. */
export interface AppendMessage {
  readonly content: Content
  readonly flags?: readonly string[]
  /** Now where absent. */
  readonly internalDate?: Date
  /**
   * The UID that it should have, where the mailbox can still give it: not below `uidNext` and above those of the
   * messages before. Else it gets the next one. For imports.
   */
  readonly uid?: number
  /** As {@link MessageEntry.uidl}, for imports. */
  readonly uidl?: string
}

/** UIDs that were given, in the order of the messages (RFC 4315 §3, APPENDUID). */
export interface Appended {
  readonly uidValidity: number
  readonly uids: readonly number[]
}

/** Holds something exclusively until released. */
export interface Lease {
  release(): Promise<void>
}

/** Annotations by entry name, such as `/private/comment` (RFC 5464 §3.2). Names are answered in lower case. */
export type Metadata = ReadonlyMap<string, Buffer>

/** The mailboxes of one account, and those of others that it may see. */
export interface AccountStore {
  readonly account: Account
  /** All mailboxes that the account may see, INBOX first, then sorted. INBOX always exists. */
  mailboxes(): Promise<readonly MailboxInfo[]>
  /** MAIL_E_EXISTS, MAIL_E_PERMISSION; MAIL_E_INVALID for what no mailbox can be called, mostly also a level `.` or `..`. Missing parents are made too; each begins with the list of the one above it (RFC 4314 §4). */
  createMailbox(name: string, options?: CreateOptions): Promise<void>
  /** With its messages; its children stay. MAIL_E_NOT_FOUND; MAIL_E_INVALID for INBOX. */
  deleteMailbox(name: string): Promise<void>
  /**
   * With its children. Renaming INBOX moves its messages and leaves it empty (RFC 9051 §6.3.6). A name that is none and
   * has mailboxes below it may be renamed with them; a store that does not says MAIL_E_NOT_FOUND. MAIL_E_EXISTS,
   * MAIL_E_INVALID, MAIL_E_PERMISSION.
   */
  renameMailbox(from: string, to: string): Promise<void>
  /** Names that the account is subscribed to, whether or not there is such a mailbox (RFC 9051 §6.3.7), sorted. */
  subscriptions(): Promise<readonly string[]>
  subscribe(name: string, subscribed: boolean): Promise<void>
  /** Sets or takes away what a mailbox is for. */
  setSpecialUse(name: string, use: SpecialUse | undefined): Promise<void>
  status(name: string): Promise<MailboxStatus>
  openMailbox(name: string): Promise<Mailbox>
  /**
   * Writes a message durably, ready to be committed. MAIL_E_OVER_QUOTA where it does not fit, MAIL_E_NOT_FOUND where
   * there is no such mailbox, MAIL_E_UNAVAILABLE for trouble of the disk.
   */
  stage(mailbox: string, content: Content, options?: StageOptions): Promise<StagedMessage>
  /**
   * Puts messages into a mailbox, all or none (RFC 3502 §3). Fails as `stage` does. `freed` octets are going to be expunged
   * by the caller right afterwards, from mailboxes of the same owner: the quota is asked only for what is more than that, and
   * not at all for less (RFC 8508 §3.4).
   */
  append(
    mailbox: string,
    messages: readonly AppendMessage[],
    origin?: string,
    freed?: number,
  ): Promise<Appended>
  /**
   * The account may hold so many octets from now on, in place of what it could when the store was opened; for whoever keeps one open
   * for long. Absent: it has to be opened anew.
   */
  setQuota?(quotaBytes: number | undefined): void
  /** Octets and messages in all mailboxes of its own. */
  usage(): Promise<{ readonly bytes: number; readonly messages: number }>
  /** Annotations of a mailbox, or of the account where `mailbox` is undefined. */
  metadata(mailbox: string | undefined): Promise<Metadata>
  /** Sets annotations, or removes those that are null; all or none. */
  setMetadata(mailbox: string | undefined, changes: ReadonlyMap<string, Buffer | null>): Promise<void>
  /** What the account may do with a mailbox; all of its own. */
  myRights(mailbox: string): Promise<Rights>
  /**
   * Who may do what with a mailbox; the owner's line first: all rights, by its id. A public mailbox has none. Accounts
   * that are known have one line each, by their ids, with their addresses. MAIL_E_PERMISSION without the right `a`.
   */
  accessList(mailbox: string): Promise<readonly AccessEntry[]>
  /**
   * Sets one line of the list; empty rights remove it. An account may be called by its address: the line is kept by its
   * id, in place of all that spoke of it by either. MAIL_E_INVALID for what is no identifier or right, and for the owner's.
   */
  setAccess(mailbox: string, identifier: RightsIdentifier, rights: Rights): Promise<void>
  /**
   * Calls back within 100 ms after something in a mailbox may have changed, by whatever program; once for several
   * changes at the same time. `mailbox` is undefined where the list of mailboxes itself may have changed. Whoever is
   * called looks for itself; nothing may have changed after all.
   */
  watch(mailboxes: readonly string[] | 'all', listener: (mailbox: string | undefined) => void): Promise<Lease>
  /** The exclusive access that POP3 needs (RFC 1939 §3). MAIL_E_IN_USE while another session or process has it. */
  lockMaildrop(): Promise<Lease>
}

/** What `check` or `repair` found wrong. */
export interface StoreFault {
  readonly mailbox: string
  /** One line for people. */
  readonly problem: string
  /** What repairing did, or would do. */
  readonly remedy: string
}

/** Mailboxes and messages. Every call may fail with MAIL_E_UNAVAILABLE. */
export interface Store {
  readonly supports: StoreAbilities
  /** The account's mailboxes; made when first opened. Cheap: call it for each use. */
  open(account: Account): Promise<AccountStore>
  /** Looks for damage in an account's mailboxes, also where a reader would not notice; and undoes it. Loses no message. */
  examine(account: Account, options: { readonly repair: boolean }): Promise<readonly StoreFault[]>
}

export const store: ServiceKey<Store> = serviceKey('store', 'mailboxes and messages', [
  'maildir',
  'mbox',
  'memory',
])
