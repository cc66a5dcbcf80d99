import type { Account } from '../model/account.ts'
import type { Content } from '../model/content.ts'
import { type ServiceKey, serviceKey } from './key.ts'

/** What a store can do beyond INBOX with UIDs, contents and expunge. Declared as data and read by everyone who asks. */
export interface StoreAbilities {
  /** Mailboxes beside INBOX, with `/` between levels. */
  readonly mailboxes: boolean
  /** The system flags of RFC 9051 §2.3.2. */
  readonly flags: boolean
  /** Keywords of the clients' own. */
  readonly keywords: boolean
  /** Mod-sequences (RFC 7162). */
  readonly modSequences: boolean
  /** Contents and UIDs outlive the process. */
  readonly persistent: boolean
  /** Several processes may work on one account. */
  readonly shared: boolean
}

/** What is known of a message without reading it. A value of the moment. */
export interface MessageEntry {
  /** Never changes, never used again while UIDVALIDITY stands (RFC 9051 §2.3.1.1). 1 to 4,294,967,295. */
  readonly uid: number
  /** Stable name of the message in this store, also after a move where the store can (RFC 8474 §5.1). Printable, no spaces. */
  readonly id: string
  /** Octets with CRLF line ends. */
  readonly size: number
  /** System flags as in RFC 9051 (`\Seen`) and keywords, sorted. */
  readonly flags: readonly string[]
  readonly internalDate: Date
  /** 0 where `supports.modSequences` is false. */
  readonly modSequence: number
}

export interface MailboxStatus {
  readonly name: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly messages: number
  readonly unseen: number
  /** Sum of the sizes in octets. */
  readonly size: number
  readonly highestModSequence: number
}

export interface StageOptions {
  /** Initial flags and keywords. */
  readonly flags?: readonly string[]
  /** Now where absent. */
  readonly internalDate?: Date
  /** Makes the mailbox where it does not exist; else MAIL_E_NOT_FOUND. */
  readonly create?: boolean
  /** The queue id or session for `messageStored`. */
  readonly origin?: string
  readonly cause?: 'delivery' | 'append'
}

/**
 * A message that is durable but not yet in its mailbox: the first phase of a delivery to several places that must all
 * succeed. One of the two calls ends it.
 */
export interface StagedMessage {
  /** Puts it into the mailbox; when this resolves it is there for good. */
  commit(): Promise<void>
  /** Removes it without a trace. Never fails for what is gone already. */
  abort(): Promise<void>
}

/** A change of flags: exactly one of the three ways. */
export type FlagChange =
  | { readonly add: readonly string[] }
  | { readonly remove: readonly string[] }
  | { readonly set: readonly string[] }

/** Holds something exclusively until released. */
export interface Lease {
  release(): Promise<void>
}

/**
 * One opened mailbox. `entries` is a view that changes only at `refresh` and by this object's own changes, so that
 * message sequence numbers can be built on it.
 */
export interface Mailbox {
  readonly name: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly highestModSequence: number
  /** Ascending by UID. */
  readonly entries: readonly MessageEntry[]
  /** Notices what others did since; answers whether anything changed. */
  refresh(): Promise<boolean>
  /** The message's octets with CRLF line ends. MAIL_E_NOT_FOUND where it was removed by someone else. */
  content(uid: number): Promise<Content>
  /** Changes flags of those that still exist; answers their new entries. */
  changeFlags(uids: readonly number[], change: FlagChange): Promise<readonly MessageEntry[]>
  /** Removes messages: all, or, where it fails, none. Those gone already do not count. Answers the UIDs removed. */
  expunge(uids: readonly number[]): Promise<readonly number[]>
  /** Copies into a mailbox of the same account: all or none. MAIL_E_NOT_FOUND where the target does not exist. */
  copy(uids: readonly number[], target: string): Promise<void>
  /** The same, and the originals are gone. A crash may leave both, never neither. */
  move(uids: readonly number[], target: string): Promise<void>
  close(): Promise<void>
}

/** The mailboxes of one account. */
export interface AccountStore {
  readonly account: Account
  /** All mailboxes, INBOX first, then sorted. INBOX always exists. */
  mailboxes(): Promise<readonly string[]>
  /** MAIL_E_EXISTS, MAIL_E_INVALID. Missing parents are made too. */
  createMailbox(name: string): Promise<void>
  /** With its messages; its children stay. MAIL_E_NOT_FOUND; MAIL_E_INVALID for INBOX. */
  deleteMailbox(name: string): Promise<void>
  /** With its children. Renaming INBOX moves its messages and leaves it empty (RFC 9051 §6.3.6). */
  renameMailbox(from: string, to: string): Promise<void>
  status(name: string): Promise<MailboxStatus>
  openMailbox(name: string): Promise<Mailbox>
  /**
   * Writes a message durably, ready to be committed. MAIL_E_OVER_QUOTA where it does not fit, MAIL_E_NOT_FOUND where
   * there is no such mailbox, MAIL_E_UNAVAILABLE for trouble of the disk.
   */
  stage(mailbox: string, content: Content, options?: StageOptions): Promise<StagedMessage>
  /** Octets and messages in all mailboxes. */
  usage(): Promise<{ readonly bytes: number; readonly messages: number }>
  /** The exclusive access that POP3 needs (RFC 1939 §3). MAIL_E_IN_USE while another session or process has it. */
  lockMaildrop(): Promise<Lease>
}

/** Mailboxes and messages. Every call may fail with MAIL_E_UNAVAILABLE. */
export interface Store {
  readonly supports: StoreAbilities
  /** The account's mailboxes; made when first opened. Cheap: call it for each use. */
  open(account: Account): Promise<AccountStore>
}

export const store: ServiceKey<Store> = serviceKey('store', 'mailboxes and messages', ['maildir', 'memory'])
