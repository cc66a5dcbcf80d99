import type { MessageEntry } from 'mailwright'

/** Messages that a session was shown: their UIDs mean something only together with their UIDVALIDITY. */
export interface Chosen {
  readonly uids: readonly number[]
  readonly uidValidity: number
}

/** What is known of a mailbox at one moment. */
export interface MailboxSnapshot {
  readonly id: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly modSequence: number
  /** Ascending by UID. */
  readonly entries: readonly MessageEntry[]
}
