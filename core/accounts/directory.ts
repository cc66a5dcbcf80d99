import { MailwrightError } from '../errors.ts'
import type { Account } from '../model/account.ts'
import { type Address, addressKey, canonicalDomain, formatAddress } from '../model/address/address.ts'
import type { Alias, Domain, Resolution } from '../services/accounts.ts'
import type { StoredAppPassword } from './app-password.ts'
import { splitDetail } from './detail.ts'
import type { DomainUse } from './domain-rules.ts'

/** An account with what only its directory may see. */
export interface AccountRecord {
  /** `disabled` says that the account itself is; its domain may be as well. */
  readonly account: Account
  /** As its holder keeps passwords. Undefined: nobody can log in. */
  readonly password: string | undefined
  readonly appPasswords: readonly StoredAppPassword[]
}

/** An account that was removed. */
export interface DeletedRecord {
  readonly record: AccountRecord
  readonly deletedAt: Date
}

/**
 * Domains, accounts and aliases in memory, by what is asked for. Providers that hold everything there build on it;
 * {@link DirectoryAdministration} changes it by the rules.
 */
export class AccountsDirectory {
  readonly domains: Map<string, Domain> = new Map()
  readonly aliases: Map<string, Alias> = new Map()
  /** The one deleted last comes first. */
  deleted: readonly DeletedRecord[] = []
  readonly #records = new Map<string, AccountRecord>()
  readonly #keys = new Map<string, string>()

  /** In the order in which they were added. */
  get records(): Iterable<AccountRecord> {
    return this.#records.values()
  }

  record(address: Address): AccountRecord | undefined {
    return this.#records.get(addressKey(address))
  }

  byId(id: string): AccountRecord | undefined {
    return this.#records.get(this.#keys.get(id) ?? '')
  }

  alias(address: Address): Alias | undefined {
    return this.aliases.get(addressKey(address))
  }

  /** Adds a record, or replaces the one with the same id. */
  put(record: AccountRecord): void {
    const { id, address } = record.account
    const [before, key] = [this.#keys.get(id), addressKey(address)]
    if (before !== undefined && before !== key) this.#records.delete(before)
    this.#records.set(key, record)
    this.#keys.set(id, key)
  }

  /** Adds an alias, or its targets to the one of that address. */
  putAlias({ address, targets }: Alias): void {
    const alias = this.alias(address) ?? { address, targets: [] }
    const added = new Set(targets.map(addressKey))
    const others = alias.targets.filter((target) => !added.has(addressKey(target)))
    this.aliases.set(addressKey(address), { ...alias, targets: [...others, ...targets] })
  }

  delete({ account }: AccountRecord): void {
    this.#records.delete(addressKey(account.address))
    this.#keys.delete(account.id)
  }

  /** MAIL_E_NOT_FOUND where it is not ours. */
  requireDomain(name: string): Domain {
    const domain = this.domains.get(name)
    if (domain === undefined) throw notFound('domain', name)
    return domain
  }

  /** MAIL_E_NOT_FOUND where there is no such account. */
  requireRecord(address: Address): AccountRecord {
    const record = this.record(address)
    if (record === undefined) throw notFound('account', formatAddress(address))
    return record
  }

  /** MAIL_E_EXISTS where an account or an alias has the address. */
  requireFree(address: Address): void {
    if (this.record(address) ?? this.alias(address))
      throw new MailwrightError('MAIL_E_EXISTS', `${formatAddress(address)} is in use already`)
  }

  /** What counts for a domain's limits. */
  useOf(domain: string): DomainUse {
    const quotas = [...this.records].flatMap(({ account }) =>
      account.address.domain === domain ? [account.quotaBytes] : [],
    )
    return {
      accounts: quotas.length,
      accountsWithoutQuota: quotas.filter((quota) => quota === undefined).length,
      quotaBytes: quotas.reduce<number>((sum, quota = 0) => sum + quota, 0),
    }
  }

  /** The account as others see it: disabled, too, where its domain is. */
  accountOf({ account }: AccountRecord): Account {
    const isDisabled = this.domains.get(account.address.domain)?.disabled === true
    return isDisabled && account.disabled !== true ? { ...account, disabled: true } : account
  }

  domain(name: string): Domain | undefined {
    return this.domains.get(canonicalDomain(name) ?? '')
  }

  /** Exactly that name first, then without its detail, then the domain's catch-all. `now` ends what expires. */
  resolve(address: Address, separator: string, now: number): Resolution {
    const named = this.domain(address.domain)
    const domain = named?.aliasOf === undefined ? named : this.domains.get(named.aliasOf)
    if (named === undefined || domain === undefined) return { kind: 'foreign' }
    if (named !== domain && named.disabled) return { kind: 'unknown' }
    const whole = { localPart: address.localPart, domain: domain.name }
    const split = splitDetail(whole, separator)
    const found =
      this.#find(whole, now) ??
      (split && this.#find(split.address, now, split.detail)) ??
      this.#find({ localPart: '', domain: domain.name }, now)
    return found === undefined || (domain.disabled && found.kind === 'alias') ? { kind: 'unknown' } : found
  }

  #find(address: Address, now: number, detail?: string): Resolution | undefined {
    const record = this.record(address)
    if (record !== undefined) {
      return { kind: 'account', account: this.accountOf(record), ...(detail === undefined ? {} : { detail }) }
    }
    const targets = this.alias(address)?.targets.filter(
      ({ expiresAt }) => expiresAt === undefined || expiresAt.getTime() > now,
    )
    if (targets === undefined || targets.length === 0) return undefined
    const addresses = targets.map(({ localPart, domain }) => ({ localPart, domain }))
    return { kind: 'alias', addresses, via: address.localPart === '' ? 'catch-all' : 'alias' }
  }
}

function notFound(kind: string, name: string): MailwrightError {
  return new MailwrightError('MAIL_E_NOT_FOUND', `there is no ${kind} ${name}`)
}
