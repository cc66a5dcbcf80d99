import type { Account, SendingLimit } from '../model/account.ts'
import type { Address } from '../model/address/address.ts'
import type { SessionRole } from '../model/session.ts'

/** What can be said of a domain that is ours. */
export interface DomainSettings {
  /** An alias domain: each address of it is the same local part at that domain, which is ours and no alias itself. */
  readonly aliasOf?: string
  /**
   * What the quotas of the domain's accounts may come to, in octets. Every account of such a domain needs a quota, and
   * their sum never exceeds this: MAIL_E_OVER_QUOTA. It does not count what is stored.
   */
  readonly quotaBytes?: number
  /** Accounts at most: MAIL_E_OVER_QUOTA. */
  readonly maxAccounts?: number
  /** Its accounts are disabled and its aliases unknown. Absent where it is not. */
  readonly disabled?: boolean
}

export interface Domain extends DomainSettings {
  /** Canonical: lower case, A-labels. */
  readonly name: string
}

/** A change of a domain: what is not named stays, what is named as undefined is taken away. */
export type DomainChange = {
  readonly [Setting in keyof DomainSettings]?: DomainSettings[Setting] | undefined
}

/** Where an alias leads. */
export interface AliasTarget extends Address {
  /** From then on it leads there no longer. It stays in the list until it is removed or added again. */
  readonly expiresAt?: Date
}

export interface Alias {
  /** The address that is replaced; an empty local part is the domain's catch-all. */
  readonly address: Address
  readonly targets: readonly AliasTarget[]
}

/** What is needed for a new account. */
export interface NewAccount extends Omit<Account, 'id' | 'attributes'> {
  /** In clear; it is hashed before it is kept. Absent: nobody can log in until one is set. */
  readonly password?: string
  /**
   * In place of a password: a hash that `verifyPassword` knows, brought along from another system. It needs `hashes`, and shows by
   * itself or by a `{SCHEME}` what it is.
   */
  readonly hash?: string
}

/** A further password of an account, for one program or device. */
export interface AppPassword {
  /** Unique in its account, in any case: 1 to 64 printable characters. */
  readonly name: string
  /** The roles of sessions that it opens; empty: all. */
  readonly roles: readonly SessionRole[]
  readonly createdAt: Date
  /** Within a minute; absent where it was never used, or where the provider does not keep it. */
  readonly lastUsedAt?: Date
}

export interface NewAppPassword {
  readonly name: string
  readonly roles?: readonly SessionRole[]
  /** Made by a program, with 20 to 1,024 octets. Absent: it is generated. */
  readonly secret?: string
}

/** An account that was removed and can be restored. */
export interface DeletedAccount {
  readonly account: Account
  readonly deletedAt: Date
}

export type AuditAction =
  | `domain.${'add' | 'update' | 'remove'}`
  | `account.${'add' | 'password' | 'quota' | 'name' | 'disabled' | 'protocols' | 'sending-limit'}`
  | `account.${'rename' | 'remove' | 'restore' | 'purge'}`
  | `alias.${'add' | 'remove'}`
  | `app-password.${'add' | 'remove'}`

/** One change that was made. */
export interface AuditEntry {
  readonly at: Date
  /** Who made it: what `actingAs` was told. `unknown` where it was told nothing. */
  readonly actor: string
  readonly action: AuditAction
  /** The domain, or the address of the account or alias (`@example.org` for a catch-all). */
  readonly subject: string
  /** What was changed to what. Never a secret or a hash. */
  readonly detail: Readonly<Record<string, unknown>>
}

export interface AuditQuery {
  /** A domain, an address, or `@example.org`, in any spelling. */
  readonly subject?: string
  readonly since?: Date
  readonly until?: Date
  /** The newest so many: 1,000. */
  readonly limit?: number
}

/**
 * Changes to domains, accounts and aliases: the command line and every administration use this, so that each change
 * is checked in one place. Errors: MAIL_E_EXISTS, MAIL_E_NOT_FOUND, MAIL_E_INVALID, MAIL_E_IN_USE (a domain that still
 * has accounts, aliases or alias domains), MAIL_E_OVER_QUOTA (a limit of the domain), MAIL_E_UNAVAILABLE, and
 * MAIL_E_UNSUPPORTED for what `supports` does not promise.
 */
export interface AccountsAdministration {
  /** The same administration, whose changes are in the audit trail as made by this actor, such as `cli:root`. */
  actingAs(actor: string): AccountsAdministration

  /** Sorted by name. */
  domains(): Promise<readonly Domain[]>
  /** Settings need `domainSettings`, `aliasOf` needs `aliasDomains`. */
  addDomain(name: string, settings?: DomainSettings): Promise<Domain>
  updateDomain(name: string, change: DomainChange): Promise<Domain>
  /** What was removed of it can be restored no longer, as long as the domain is not added again. */
  removeDomain(name: string): Promise<void>

  /** Sorted by address; of one domain where named. */
  accounts(domain?: string): Promise<readonly Account[]>
  addAccount(account: NewAccount): Promise<Account>
  setPassword(address: Address, password: string): Promise<void>
  /** Absent: no limit. */
  setQuota(address: Address, quotaBytes: number | undefined): Promise<void>
  /** Its address is free again, its mail stays in the store. With `restoring` it can be restored. */
  removeAccount(address: Address): Promise<void>

  /** Needs `accountSettings`. */
  setName(address: Address, name: string | undefined): Promise<void>
  /** Needs `accountSettings`. */
  setDisabled(address: Address, disabled: boolean): Promise<void>
  /** The protocols that the account may not use; none: it may use all. Needs `accountSettings`. */
  setProtocols(address: Address, disabledProtocols: readonly string[]): Promise<void>
  /** Gives an account another address. Its id stays; its old address is free. Needs `accountSettings`. */
  rename(address: Address, to: Address): Promise<Account>
  /** Needs `sendingLimits`. Absent: no limit. */
  setSendingLimit(address: Address, limit: SendingLimit | undefined): Promise<void>

  /** The account that was deleted last comes first. Needs `restoring`. */
  deletedAccounts(domain?: string): Promise<readonly DeletedAccount[]>
  /**
   * Brings an account back with everything it had, by its id, or by its address: the one deleted last. MAIL_E_EXISTS
   * where somebody else has the address now. Needs `restoring`.
   */
  restoreAccount(which: string | Address): Promise<Account>
  /** Forgets a deleted account for good. What the store has of it stays. Needs `restoring`. */
  purgeAccount(which: string | Address): Promise<void>

  /** In the order in which they were made. Needs `appPasswords`. */
  appPasswords(address: Address): Promise<readonly AppPassword[]>
  /** Answers the secret too, which cannot be had again. At most 64 an account: MAIL_E_OVER_QUOTA. Needs `appPasswords`. */
  addAppPassword(
    address: Address,
    password: NewAppPassword,
  ): Promise<{ readonly appPassword: AppPassword; readonly secret: string }>
  /** Needs `appPasswords`. */
  removeAppPassword(address: Address, name: string): Promise<void>

  /** Sorted by address; expired targets included. */
  aliases(domain?: string): Promise<readonly Alias[]>
  /**
   * Adds a target to an alias, which is made where it is new. An empty local part makes the catch-all. One that has
   * expired may be added again. `expiresAt` needs `expiringAliases`.
   */
  addAlias(address: Address, target: AliasTarget): Promise<void>
  /** Removes one target, or the whole alias where none is named. */
  removeAlias(address: Address, target?: Address): Promise<void>

  /** Needs `audit`. Oldest first. */
  audit(query?: AuditQuery): Promise<readonly AuditEntry[]>
}
