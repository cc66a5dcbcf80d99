import type { Knex } from 'knex'
import type { Account, Address, ConfigFault, Database, SessionRole } from 'mailwright'

/** A domain of the site. */
export interface FoundDomain {
  /** Canonical. */
  readonly name: string
  /** The domain whose local parts it has too. */
  readonly aliasOf?: string
}

/** An account as its row says. */
export interface FoundAccount {
  readonly account: Account
  /** Whether it may log in and get mail. */
  readonly isActive: boolean
  /** As it is kept; undefined where there is none. */
  readonly hash: string | undefined
  /** The password itself, where the site keeps it. */
  readonly clear: string | undefined
  /** The columns that tell its row from all others, where it is a table's. */
  readonly identity: Readonly<Record<string, string>>
}

/** What an active alias is replaced by. */
export interface FoundAlias {
  /** With an empty local part for a catch-all. */
  readonly address: Address
  /** As the row has them, not taken apart. */
  readonly targets: string
}

/** Who wants to log in. */
export interface Login {
  /** As it was given, without controls and of a sane length. */
  readonly text: string
  /** What it is as an address, where it is one. */
  readonly address: Address | undefined
  readonly role: SessionRole
}

/**
 * What is known of a site's own tables, in the words of mail. Everything is read through the knex instance of the call;
 * errors are the driver's. Addresses that are asked for are valid, with canonical domains.
 */
export interface Schema {
  readonly hasAliases: boolean
  readonly hasAliasDomains: boolean
  /** Whether `setPassword` can be called. */
  readonly canSetPassword: boolean
  /** By its canonical name; only where it is active. */
  domain(knex: Knex, name: string): Promise<FoundDomain | undefined>
  accountsAt(knex: Knex, addresses: readonly Address[]): Promise<readonly FoundAccount[]>
  /** Active aliases, in no order. */
  aliasesAt(knex: Knex, addresses: readonly Address[]): Promise<readonly FoundAlias[]>
  accountWithId(knex: Knex, id: string): Promise<FoundAccount | undefined>
  accountForLogin(knex: Knex, login: Login): Promise<FoundAccount | undefined>
  /** Keeps a hash in the place of the found one. Answers false where that has changed meanwhile. */
  setPassword(knex: Knex, found: FoundAccount, hash: string): Promise<boolean>
  /** Everything that the mapping names and the database does not have. */
  check(database: Database): Promise<readonly ConfigFault[]>
}
