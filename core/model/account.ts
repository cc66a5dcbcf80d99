import type { Address } from './address/address.ts'

/** How much an account may send: so many recipients in each window of so many seconds. */
export interface SendingLimit {
  /** A whole number from 0; 0 lets nothing out. */
  readonly recipients: number
  /** From 1 second to 31 days. */
  readonly perSeconds: number
}

/** Who logs in and owns mailboxes. A value: it says what was true when it was looked up. */
export interface Account {
  /** Stable for the account's whole life, unlike its address. Unique within the accounts service. */
  readonly id: string
  /** The primary address. */
  readonly address: Address
  /** The person's name for display, where known. */
  readonly name?: string
  /** Octets that the account's mailboxes may hold; absent means no limit. */
  readonly quotaBytes?: number
  /** The account or its domain is disabled: no login, and mail for it is refused. Absent where it is not. */
  readonly disabled?: boolean
  /** Protocols that this account may not use, such as `pop3`. */
  readonly disabledProtocols?: readonly string[]
  /** Absent: no limit. */
  readonly sendingLimit?: SendingLimit
  /** Values of the account's back end for templates (a home folder, say). */
  readonly attributes?: Readonly<Record<string, string>>
}
