import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import {
  type Account,
  type Address,
  type Alias,
  addressKey,
  checkAddress,
  checkAliasAddress,
  checkPersonName,
  checkQuota,
  formatAddress,
  MailwrightError,
  type NewAccount,
  newAccountId,
} from 'mailwright'
import { longestSecret } from './options.ts'

/** An account with what only the directory may see. */
export interface AccountRecord {
  readonly account: Account
  readonly digest: Buffer | undefined
}

/**
 * Domains, accounts and aliases in memory. Secrets are kept as keyed digests under a key of this process: they never
 * leave it, so that a slow hash, made for stolen tables, would only cost time.
 */
export class AccountsDirectory {
  readonly domains: Set<string> = new Set()
  readonly #records = new Map<string, AccountRecord>()
  readonly #aliases = new Map<string, Alias>()
  readonly #key = randomBytes(32)

  get records(): readonly AccountRecord[] {
    return [...this.#records.values()]
  }

  get aliases(): readonly Alias[] {
    return [...this.#aliases.values()]
  }

  record(address: Address): AccountRecord | undefined {
    return this.#records.get(addressKey(address))
  }

  alias(address: Address): Alias | undefined {
    return this.#aliases.get(addressKey(address))
  }

  /** MAIL_E_NOT_FOUND where there is no such account. */
  requireRecord(address: Address): AccountRecord {
    const record = this.record(address)
    if (record === undefined)
      throw new MailwrightError('MAIL_E_NOT_FOUND', `no account ${formatAddress(address)}`)
    return record
  }

  /** MAIL_E_EXISTS, MAIL_E_NOT_FOUND (the domain), MAIL_E_INVALID. */
  addAccount({ password, ...rest }: NewAccount & Omit<Account, 'id'>): Account {
    const address = checkAddress(rest.address)
    checkQuota(rest.quotaBytes)
    checkPersonName(rest.name)
    const digest = password === undefined ? undefined : this.digest(password)
    this.requireDomain(address.domain)
    if (this.record(address) ?? this.alias(address)) throw exists(address)
    const account = Object.freeze({ ...rest, address, id: newAccountId(Date.now()) })
    this.put({ account, digest })
    return account
  }

  /** Adds a record, or replaces the one of the same address. */
  put(record: AccountRecord): void {
    this.#records.set(addressKey(record.account.address), record)
  }

  removeAccount(address: Address): void {
    this.requireRecord(address)
    this.#records.delete(addressKey(address))
  }

  /** MAIL_E_EXISTS where an account has the address, MAIL_E_NOT_FOUND (the domain), MAIL_E_INVALID. */
  addAlias(address: Address, target: Address): void {
    checkAliasAddress(address)
    checkAddress(target)
    this.requireDomain(address.domain)
    if (this.record(address) !== undefined) throw exists(address)
    const alias = this.alias(address) ?? { address, targets: [] }
    const others = alias.targets.filter((each) => addressKey(each) !== addressKey(target))
    this.#aliases.set(addressKey(address), { ...alias, targets: [...others, target] })
  }

  /** MAIL_E_NOT_FOUND for an alias or a target that is not there. */
  removeAlias(address: Address, target?: Address): void {
    const alias = this.alias(address)
    const targets = alias?.targets.filter(
      (each) => target !== undefined && addressKey(each) !== addressKey(target),
    )
    if (
      alias === undefined ||
      targets === undefined ||
      (target !== undefined && targets.length === alias.targets.length)
    ) {
      throw new MailwrightError('MAIL_E_NOT_FOUND', `no such alias: ${formatAddress(address)}`)
    }
    if (targets.length === 0) this.#aliases.delete(addressKey(address))
    else this.#aliases.set(addressKey(address), { ...alias, targets })
  }

  requireDomain(name: string): void {
    if (!this.domains.has(name))
      throw new MailwrightError('MAIL_E_NOT_FOUND', `${name} is not a domain of ours`)
  }

  /** MAIL_E_INVALID for an empty or overlong secret. */
  digest(secret: string): Buffer {
    if (secret === '' || Buffer.byteLength(secret) > longestSecret) {
      throw new MailwrightError('MAIL_E_INVALID', `a password has 1 to ${longestSecret} octets`)
    }
    return this.#hmac(secret)
  }

  /** Whether the secret is the record's; takes its time also where there is no record. */
  matches(secret: string, record: AccountRecord | undefined): boolean {
    const same = timingSafeEqual(this.#hmac(secret), record?.digest ?? Buffer.alloc(32))
    return same && record?.digest !== undefined
  }

  #hmac(secret: string): Buffer {
    return createHmac('sha256', this.#key).update(secret).digest()
  }
}

function exists(address: Address): MailwrightError {
  return new MailwrightError('MAIL_E_EXISTS', `${formatAddress(address)} is in use already`)
}
