import type { Account } from '../model/account.ts'
import type { Address } from '../model/address.ts'
import type { SessionRole } from '../model/session.ts'
import { type ServiceKey, serviceKey } from './key.ts'

/** What a provider can do beyond look-up and verification. */
export interface AccountsAbilities {
  /** `administration` is there. */
  readonly administration: boolean
  /** Aliases to one or many addresses. */
  readonly aliases: boolean
  /** `@domain` aliases that take what no account and no other alias takes. */
  readonly catchAll: boolean
  /** Changes outlive the process, so that the command line can make them. */
  readonly persistent: boolean
}

/** What an address is here. */
export type Resolution =
  | {
      readonly kind: 'account'
      readonly account: Account
      /** The `+detail` that was split off (RFC 5233). */
      readonly detail?: string
    }
  | { readonly kind: 'alias'; readonly addresses: readonly Address[]; readonly via: 'alias' | 'catch-all' }
  /** The domain is ours but nobody has that address. */
  | { readonly kind: 'unknown' }
  /** The domain is not ours. */
  | { readonly kind: 'foreign' }

/** What came of a login. The reason is for the history, never for the client: all failures look the same to it. */
export type Verification =
  | { readonly ok: true; readonly account: Account }
  | { readonly ok: false; readonly reason: 'unknown' | 'wrong-secret' | 'disabled' | 'protocol' }

export interface Domain {
  /** Canonical: lower case, A-labels. */
  readonly name: string
}

export interface Alias {
  /** The address that is replaced; an empty local part is the domain's catch-all. */
  readonly address: Address
  readonly targets: readonly Address[]
}

/** What is needed for a new account. */
export interface NewAccount {
  readonly address: Address
  /** In clear; it is hashed before it is kept. Absent: nobody can log in until one is set. */
  readonly password?: string
  readonly name?: string
  readonly quotaBytes?: number
}

/**
 * Changes to domains, accounts and aliases: the command line and every administration use this, so that each change
 * is checked in one place. Errors: MAIL_E_EXISTS, MAIL_E_NOT_FOUND, MAIL_E_INVALID, MAIL_E_IN_USE (a domain that still
 * has accounts or aliases), MAIL_E_UNAVAILABLE.
 */
export interface AccountsAdministration {
  domains(): Promise<readonly Domain[]>
  addDomain(name: string): Promise<Domain>
  removeDomain(name: string): Promise<void>
  /** Sorted by address; of one domain where named. */
  accounts(domain?: string): Promise<readonly Account[]>
  addAccount(account: NewAccount): Promise<Account>
  setPassword(address: Address, password: string): Promise<void>
  /** Absent: no limit. */
  setQuota(address: Address, quotaBytes: number | undefined): Promise<void>
  /** The account's mail stays in the store. */
  removeAccount(address: Address): Promise<void>
  aliases(domain?: string): Promise<readonly Alias[]>
  /** Adds a target to an alias, which is made where it is new. An empty local part makes the catch-all. */
  addAlias(address: Address, target: Address): Promise<void>
  /** Removes one target, or the whole alias where none is named. */
  removeAlias(address: Address, target?: Address): Promise<void>
}

/**
 * Who has an address here, and who is logging in. Every call may fail with MAIL_E_UNAVAILABLE; nobody may take that
 * for "unknown".
 */
export interface Accounts {
  readonly supports: AccountsAbilities
  /** The domain where it is ours. The name may be written in any form. */
  domain(name: string): Promise<Domain | undefined>
  /** One step of resolution: an alias of an alias is resolved by asking again. */
  resolve(address: Address): Promise<Resolution>
  byId(id: string): Promise<Account | undefined>
  /**
   * Verifies a secret for a login, which is an address or what the provider allows beside it. Takes about as long for
   * an unknown login as for a wrong secret.
   */
  verify(login: string, secret: string, role: SessionRole): Promise<Verification>
  /** Absent where `supports.administration` is false. */
  readonly administration: AccountsAdministration | undefined
}

export const accounts: ServiceKey<Accounts> = serviceKey(
  'accounts',
  'domains, accounts, aliases and passwords',
  ['accounts-sql', 'accounts-file', 'memory'],
)
