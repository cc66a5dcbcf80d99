import type {
  Account,
  AccountsAdministration,
  Address,
  Alias,
  AliasTarget,
  AppPassword,
  AuditEntry,
  AuditQuery,
  DeletedAccount,
  Domain,
  DomainChange,
  DomainSettings,
  NewAccount,
  NewAppPassword,
  SendingLimit,
} from 'mailwright'
import { checkActor, checkPersonName, checkQuota, checkRoles, checkSendingLimit } from 'mailwright/accounts'
import * as accounts from './accounts.ts'
import * as aliases from './aliases.ts'
import * as appPasswords from './app-passwords.ts'
import { findAudit } from './audit.ts'
import type { Changes } from './changes.ts'
import * as deleted from './deleted-accounts.ts'
import * as domains from './domains.ts'
import type { FirstAccountNote } from './first-account-note.ts'

/** Everything that can be changed in the tables; each concept has a file of its own. */
export class SqlAdministration implements AccountsAdministration {
  readonly #changes: Changes
  readonly #note: FirstAccountNote

  constructor(changes: Changes, note: FirstAccountNote) {
    this.#changes = changes
    this.#note = note
  }

  actingAs(actor: string): AccountsAdministration {
    return new SqlAdministration(this.#changes.as(checkActor(actor)), this.#note)
  }

  domains(): Promise<readonly Domain[]> {
    return domains.listDomains(this.#changes)
  }

  async addDomain(name: string, settings: DomainSettings = {}): Promise<Domain> {
    return domains.addDomain(this.#changes, name, settings)
  }

  async updateDomain(name: string, change: DomainChange): Promise<Domain> {
    return domains.updateDomain(this.#changes, name, change)
  }

  async removeDomain(name: string): Promise<void> {
    await domains.removeDomain(this.#changes, name)
  }

  accounts(domain?: string): Promise<readonly Account[]> {
    return accounts.listAccounts(this.#changes, domain)
  }

  addAccount(account: NewAccount): Promise<Account> {
    return accounts.addAccount(this.#changes, account)
  }

  async setPassword(address: Address, password: string): Promise<void> {
    await accounts.setPassword(this.#changes, address, password)
    await this.#note.changed(address)
  }

  async setQuota(address: Address, quotaBytes: number | undefined): Promise<void> {
    const facts = { quotaBytes: checkQuota(quotaBytes) }
    await accounts.changeAccount(this.#changes, 'account.quota', address, facts)
  }

  async setName(address: Address, name: string | undefined): Promise<void> {
    await accounts.changeAccount(this.#changes, 'account.name', address, { name: checkPersonName(name) })
  }

  async setDisabled(address: Address, disabled: boolean): Promise<void> {
    await accounts.changeAccount(this.#changes, 'account.disabled', address, {
      disabled: disabled || undefined,
    })
  }

  async setProtocols(address: Address, given: readonly string[]): Promise<void> {
    const disabledProtocols = given.length === 0 ? undefined : checkRoles(given)
    await accounts.changeAccount(this.#changes, 'account.protocols', address, { disabledProtocols })
  }

  async setSendingLimit(address: Address, limit: SendingLimit | undefined): Promise<void> {
    const facts = { sendingLimit: checkSendingLimit(limit) }
    await accounts.changeAccount(this.#changes, 'account.sending-limit', address, facts)
  }

  async rename(address: Address, to: Address): Promise<Account> {
    return accounts.renameAccount(this.#changes, address, to)
  }

  async removeAccount(address: Address): Promise<void> {
    await deleted.removeAccount(this.#changes, address)
  }

  deletedAccounts(domain?: string): Promise<readonly DeletedAccount[]> {
    return deleted.listDeleted(this.#changes, domain)
  }

  restoreAccount(which: string | Address): Promise<Account> {
    return deleted.restoreAccount(this.#changes, which)
  }

  purgeAccount(which: string | Address): Promise<void> {
    return deleted.purgeAccount(this.#changes, which)
  }

  appPasswords(address: Address): Promise<readonly AppPassword[]> {
    return appPasswords.listAppPasswords(this.#changes, address)
  }

  addAppPassword(
    address: Address,
    password: NewAppPassword,
  ): ReturnType<AccountsAdministration['addAppPassword']> {
    return appPasswords.addAppPassword(this.#changes, address, password)
  }

  removeAppPassword(address: Address, name: string): Promise<void> {
    return appPasswords.removeAppPassword(this.#changes, address, name)
  }

  aliases(domain?: string): Promise<readonly Alias[]> {
    return aliases.listAliases(this.#changes, domain)
  }

  addAlias(address: Address, target: AliasTarget): Promise<void> {
    return aliases.addAlias(this.#changes, address, target)
  }

  removeAlias(address: Address, target?: Address): Promise<void> {
    return aliases.removeAlias(this.#changes, address, target)
  }

  audit(query: AuditQuery = {}): Promise<readonly AuditEntry[]> {
    return findAudit(this.#changes, query)
  }
}
