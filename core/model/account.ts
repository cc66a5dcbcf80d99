import type { Address } from './address.ts'

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
  /** Protocols that this account may not use, such as `pop3`. */
  readonly disabledProtocols?: readonly string[]
  /** Values of the account's back end for templates (a home folder, say). */
  readonly attributes?: Readonly<Record<string, string>>
}
