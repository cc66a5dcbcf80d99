import {
  type Account,
  type AccountsAdministration,
  type Address,
  type Alias,
  addressKey,
  canonicalDomain,
  checkDomain,
  checkQuota,
  type Domain,
  MailwrightError,
  type NewAccount,
} from 'mailwright'
import type { AccountsDirectory } from './accounts-directory.ts'

/** Changes to a directory. */
export class MemoryAdministration implements AccountsAdministration {
  readonly #directory: AccountsDirectory

  constructor(directory: AccountsDirectory) {
    this.#directory = directory
  }

  async domains(): Promise<readonly Domain[]> {
    return [...this.#directory.domains].sort().map((name) => ({ name }))
  }

  async addDomain(name: string): Promise<Domain> {
    const canonical = checkDomain(name)
    if (this.#directory.domains.has(canonical)) {
      throw new MailwrightError('MAIL_E_EXISTS', `${canonical} is a domain of ours already`)
    }
    this.#directory.domains.add(canonical)
    return { name: canonical }
  }

  async removeDomain(name: string): Promise<void> {
    const canonical = canonicalDomain(name) ?? name
    this.#directory.requireDomain(canonical)
    const inUse = (await this.accounts(canonical)).length + (await this.aliases(canonical)).length > 0
    if (inUse) throw new MailwrightError('MAIL_E_IN_USE', `${canonical} still has accounts or aliases`)
    this.#directory.domains.delete(canonical)
  }

  async accounts(domain?: string): Promise<readonly Account[]> {
    return sortedIn(
      this.#directory.records.map((record) => record.account),
      domain,
    )
  }

  async addAccount(account: NewAccount): Promise<Account> {
    return this.#directory.addAccount(account)
  }

  async setPassword(address: Address, password: string): Promise<void> {
    const record = this.#directory.requireRecord(address)
    this.#directory.put({ ...record, digest: this.#directory.digest(password) })
  }

  async setQuota(address: Address, quotaBytes: number | undefined): Promise<void> {
    const record = this.#directory.requireRecord(address)
    const { quotaBytes: _, ...rest } = record.account
    checkQuota(quotaBytes)
    this.#directory.put({ ...record, account: quotaBytes === undefined ? rest : { ...rest, quotaBytes } })
  }

  async removeAccount(address: Address): Promise<void> {
    this.#directory.removeAccount(address)
  }

  async aliases(domain?: string): Promise<readonly Alias[]> {
    return sortedIn(this.#directory.aliases, domain)
  }

  async addAlias(address: Address, target: Address): Promise<void> {
    this.#directory.addAlias(address, target)
  }

  async removeAlias(address: Address, target?: Address): Promise<void> {
    this.#directory.removeAlias(address, target)
  }
}

function sortedIn<Item extends { readonly address: Address }>(
  items: readonly Item[],
  domain: string | undefined,
): readonly Item[] {
  const canonical = domain === undefined ? undefined : canonicalDomain(domain)
  return items
    .filter((item) => domain === undefined || item.address.domain === canonical)
    .sort((a, b) => (addressKey(a.address) < addressKey(b.address) ? -1 : 1))
}
