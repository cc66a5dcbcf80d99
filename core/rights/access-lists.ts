import type { AccessEntry, RightsIdentifier } from '../model/rights.ts'
import type { Lease, StoreFault } from '../services/store.ts'

/** A mailbox of somebody. */
export interface MailboxShare {
  /** The owner's account id; for public mailboxes the id of the account that holds them. */
  readonly owner: string
  /** The name in the owner's own store. */
  readonly mailbox: string
}

/** A mailbox with its list. */
export interface SharedMailbox extends MailboxShare {
  readonly list: readonly AccessEntry[]
}

/**
 * The access control lists of mailboxes, wherever a store keeps them. Names of mailboxes come from clients: whatever they
 * hold, they must not lead to anything but a list. A list that is damaged counts as empty. Every call
 * may fail with MAIL_E_UNAVAILABLE.
 */
export interface AccessLists {
  /**
   * The list of a mailbox as it is now, without the owner's own line; empty where there is none. Called for nearly every
   * operation on others' mailboxes. What is cached is at most a second old. The name `''` stands for the root of the
   * public mailboxes: who may make mailboxes there, and what they begin with.
   */
  read(owner: string, mailbox: string): Promise<readonly AccessEntry[]>
  /**
   * Whether any mailbox of an owner has a list. Asked for whenever a mailbox is made, renamed or deleted: most owners open
   * nothing to anybody, and that should cost next to nothing.
   */
  has(owner: string): Promise<boolean>
  /**
   * Changes a list durably, or removes it where the change leaves it empty, with no other change in between by any
   * process. What the change throws is thrown and nothing is changed.
   */
  update(
    owner: string,
    mailbox: string,
    change: (list: readonly AccessEntry[]) => readonly AccessEntry[],
  ): Promise<void>
  /**
   * A mailbox has another name now, and so have those below it: their lists go with them. Called after the change.
   */
  renamed(owner: string, from: string, to: string): Promise<void>
  /**
   * Mailboxes, but not those below them, are about to be deleted, or some of new names to be made: the names must have no
   * lists. Called before the change, so that a crash in between opens nothing to anybody.
   */
  removed(owner: string, mailboxes: readonly string[]): Promise<void>
  /**
   * All mailboxes whose lists give rights to at least one of these identifiers, perhaps others too, with their lists as
   * they are now. From an index, not by looking at every list.
   */
  shares(identifiers: ReadonlySet<RightsIdentifier>): Promise<readonly SharedMailbox[]>
  /**
   * Calls back within 100 ms after a list may have changed, in every process that the notifier reaches; with undefined
   * where it is not known which.
   */
  watch(listener: (changed: MailboxShare | undefined) => void): Promise<Lease>
  /** Looks for damage in an owner's lists, and undoes it. A fault that concerns all mailboxes names none. */
  examine(owner: string, options: { readonly repair: boolean }): Promise<readonly StoreFault[]>
}
