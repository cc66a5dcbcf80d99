import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import {
  type Account,
  type Address,
  addressKey,
  type Domain,
  type DomainSettings,
  type SessionRole,
} from 'mailwright'

/** Domains that are ours. */
export interface DomainRow {
  /** Canonical. */
  readonly name: string
  /** Milliseconds since 1970, as are all times here. Some drivers give big integers as texts. */
  readonly created_at: number
  /** Null: it is no alias domain. */
  readonly alias_of: string | null
  /** Null: no limit. So are all limits here. */
  readonly quota_bytes: number | string | null
  readonly max_accounts: number | null
  readonly disabled: boolean | number
}

export interface AccountRow {
  readonly id: string
  /** See `addressKey`: what is compared. `local_part` is how it was written. */
  readonly address_key: string
  readonly local_part: string
  readonly domain: string
  readonly display_name: string | null
  /** Null: nobody can log in. */
  readonly password: string | null
  readonly quota_bytes: number | string | null
  /** Whether the account itself is. */
  readonly disabled: boolean | number
  /** Separated by spaces. */
  readonly disabled_protocols: string
  readonly created_at: number
  readonly sending_recipients: number | null
  readonly sending_seconds: number | null
  /** The password's keys for SCRAM; null where none are kept. */
  readonly scram_keys: string | null
  /** See `hashMark`: the hash that stood beside the keys. They count while it stands there. */
  readonly scram_of: string | null
}

/** An account that was removed, outside of the table of those that are looked up: its address is free. */
export interface DeletedAccountRow extends AccountRow {
  /** Counts up. */
  readonly deletion?: number
  readonly deleted_at: number
}

/** An account with what counts of its domain. */
export interface AccountView extends AccountRow {
  readonly domain_disabled: boolean | number
}

/** One target of an alias; an alias has one or several rows. */
export interface AliasRow {
  /** See {@link aliasRowId}. */
  readonly id: string
  readonly address_key: string
  /** Empty for a catch-all. */
  readonly local_part: string
  readonly domain: string
  readonly target_local_part: string
  readonly target_domain: string
  readonly created_at: number
  /** Null: for good. */
  readonly expires_at: number | string | null
}

export interface AppPasswordRow {
  /** Counts up. */
  readonly id?: number
  readonly account_id: string
  readonly name: string
  /** See `nameKey`: what is compared. */
  readonly name_key: string
  readonly hash: string
  /** Separated by spaces; empty for all. */
  readonly roles: string
  readonly created_at: number | string
  readonly last_used_at: number | string | null
  readonly scram_keys: string | null
}

export interface AuditRow {
  /** Counts up. */
  readonly id?: number
  readonly at: number | string
  readonly actor: string
  readonly action: string
  readonly subject: string
  /** See `auditKey`: what is compared. */
  readonly subject_key: string
  /** JSON. */
  readonly detail: string
}

/** The one row that counts all changes, so that caches notice them. */
export interface ChangesRow {
  readonly id: number
  readonly generation: number | string
}

/** What the tables' processes share and nobody else knows. */
export interface SecretRow {
  readonly name: string
  /** Hexadecimal. */
  readonly value: string
}

/** What an account has sent in a window of its sending limit. */
export interface SendingRow {
  readonly account_id: string
  readonly window_start: number
  readonly recipients: number
}

/** The roles of a row. A word that is none opens nothing. */
export function rolesOf(row: Pick<AppPasswordRow, 'roles'>): readonly SessionRole[] {
  return row.roles.split(' ').filter((role) => role !== '') as readonly string[] as readonly SessionRole[]
}

/** One row for each address and target: both together are too long for a unique index, so their hash is the key. */
export function aliasRowId(address: Address, target: Address): string {
  return createHash('sha256')
    .update(JSON.stringify([addressKey(address), addressKey(target)]))
    .digest('hex')
}

export async function findDomain(knex: Knex, name: string): Promise<DomainRow | undefined> {
  const rows = await knex<DomainRow>('domains').where({ name }).select()
  return rows.find((row) => row.name === name)
}

/** Accounts with what counts of their domains. */
export function viewAccounts(knex: Knex): Knex.QueryBuilder<AccountView, AccountView[]> {
  return knex('accounts')
    .join('domains', 'domains.name', 'accounts.domain')
    .select('accounts.*', { domain_disabled: 'domains.disabled' })
}

/** The account with that key. Compared again here, because some collations take trailing spaces for nothing. */
export async function findAccount(knex: Knex, key: string): Promise<AccountRow | undefined> {
  const rows = await knex<AccountRow>('accounts').where({ address_key: key }).select()
  return rows.find((row) => row.address_key === key)
}

/** The account of a row, as others see it: disabled, too, where its domain is. */
export function toAccount(row: AccountRow, domainDisabled: boolean | number = false): Account {
  const protocols = row.disabled_protocols.split(' ').filter((protocol) => protocol !== '')
  const { sending_recipients: recipients, sending_seconds: perSeconds } = row
  return {
    id: row.id,
    address: addressOf(row),
    ...(row.display_name === null ? {} : { name: row.display_name }),
    ...(row.quota_bytes === null ? {} : { quotaBytes: Number(row.quota_bytes) }),
    ...(row.disabled || domainDisabled ? { disabled: true } : {}),
    ...(protocols.length === 0 ? {} : { disabledProtocols: protocols }),
    ...(recipients === null || perSeconds === null ? {} : { sendingLimit: { recipients, perSeconds } }),
  }
}

/** What of a row can change. */
export type AccountColumns = Pick<
  AccountRow,
  | 'address_key'
  | 'local_part'
  | 'domain'
  | 'display_name'
  | 'quota_bytes'
  | 'disabled'
  | 'disabled_protocols'
  | 'sending_recipients'
  | 'sending_seconds'
>

/** The columns that say what an account's facts are. */
export function accountColumns(account: Account): AccountColumns {
  const { address, name, quotaBytes, disabled, disabledProtocols = [], sendingLimit } = account
  return {
    ...addressColumns(address),
    display_name: name ?? null,
    quota_bytes: quotaBytes ?? null,
    disabled: disabled === true,
    disabled_protocols: disabledProtocols.join(' '),
    sending_recipients: sendingLimit?.recipients ?? null,
    sending_seconds: sendingLimit?.perSeconds ?? null,
  }
}

/** The columns of an address. */
export function addressColumns(address: Address): Pick<AccountRow, 'address_key' | 'local_part' | 'domain'> {
  return { address_key: addressKey(address), local_part: address.localPart, domain: address.domain }
}

export function addressOf(row: Pick<AccountRow, 'local_part' | 'domain'>): Address {
  return { localPart: row.local_part, domain: row.domain }
}

export function toDomain(row: DomainRow): Domain {
  return {
    name: row.name,
    ...(row.alias_of === null ? {} : { aliasOf: row.alias_of }),
    ...(row.quota_bytes === null ? {} : { quotaBytes: Number(row.quota_bytes) }),
    ...(row.max_accounts === null ? {} : { maxAccounts: row.max_accounts }),
    ...(row.disabled ? { disabled: true } : {}),
  }
}

/** The columns that say what a domain's settings are. */
export function domainColumns(settings: DomainSettings): Omit<DomainRow, 'name' | 'created_at'> {
  const { aliasOf, quotaBytes, maxAccounts, disabled } = settings
  return {
    alias_of: aliasOf ?? null,
    quota_bytes: quotaBytes ?? null,
    max_accounts: maxAccounts ?? null,
    disabled: disabled === true,
  }
}
