import type { Account } from 'mailwright'

/** Where a mailbox is, and whose. */
export interface MailboxPlace {
  readonly account: Account
  /** With `/` between levels. */
  readonly name: string
  /** The mailbox's directory. */
  readonly path: string
  /** The account's Maildir. */
  readonly root: string
}
