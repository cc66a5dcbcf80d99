import type { Account, SendingLimit } from '../model/account.ts'
import type { Address } from '../model/address/address.ts'
import type {
  AccountsAbilities,
  AccountsAdministration,
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
} from '../services/accounts.ts'
import {
  makeAppPassword,
  newAppSecret,
  noAppPassword,
  type StoredAppPassword,
  sameName,
} from './app-password.ts'
import { type AuditNote, auditSubject, changeDetail, findInAudit, targetDetail } from './audit.ts'
import type { AccountsDirectory } from './directory.ts'
import * as accounts from './directory-accounts.ts'
import * as aliases from './directory-aliases.ts'
import * as domains from './directory-domains.ts'
import type { DirectoryHolder } from './directory-holder.ts'
import { unsupported } from './limited-administration.ts'
import {
  checkActor,
  checkAddress,
  checkAliasAddress,
  checkDomain,
  checkExpiry,
  checkPersonName,
  checkQuota,
  checkRoles,
} from './rules.ts'
import { checkSendingLimit } from './sending-limit.ts'
import { compareTexts, sortedByAddress } from './sorting.ts'

/** Administration over a directory, by the rules that hold for every provider. */
export class DirectoryAdministration implements AccountsAdministration {
  readonly #holder: DirectoryHolder
  readonly #actor: string

  constructor(holder: DirectoryHolder, actor = 'unknown') {
    this.#holder = holder
    this.#actor = actor
  }

  actingAs(actor: string): AccountsAdministration {
    return new DirectoryAdministration(this.#holder, checkActor(actor))
  }

  /** Changes the directory and notes it. */
  async #change<T>(
    note: AuditNote | ((result: T) => readonly AuditNote[]),
    edit: (directory: AccountsDirectory) => T,
  ): Promise<T> {
    const result = await this.#holder.change(edit)
    const at = new Date(this.#holder.clock.now())
    for (const { action, subject, detail = {} } of typeof note === 'function' ? note(result) : [note])
      this.#holder.trail?.push({ at, actor: this.#actor, action, subject: auditSubject(subject), detail })
    return result
  }

  /** Rejects with MAIL_E_UNSUPPORTED unless the holder has the ability. */
  async #need(ability: keyof AccountsAbilities, wanted = true): Promise<void> {
    if (wanted && this.#holder.supports[ability] !== true) await unsupported(`do that: no ${ability}`)
  }

  async #needSettings({ aliasOf, ...others }: DomainChange): Promise<void> {
    await this.#need('aliasDomains', aliasOf !== undefined)
    await this.#need(
      'domainSettings',
      Object.values(others).some((value) => value !== undefined),
    )
  }

  async domains(): Promise<readonly Domain[]> {
    const directory = await this.#holder.read()
    return [...directory.domains.values()].toSorted((a, b) => compareTexts(a.name, b.name))
  }

  async addDomain(name: string, settings: DomainSettings = {}): Promise<Domain> {
    await this.#needSettings(settings)
    const note = (added: Domain): readonly AuditNote[] => [
      { action: 'domain.add', subject: added.name, detail: changeDetail(settings) },
    ]
    return this.#change(note, (directory) => domains.addDomain(directory, name, settings))
  }

  async updateDomain(name: string, change: DomainChange): Promise<Domain> {
    await this.#needSettings(change)
    const note = (changed: Domain): readonly AuditNote[] => [
      { action: 'domain.update', subject: changed.name, detail: changeDetail(change) },
    ]
    return this.#change(note, (directory) => domains.updateDomain(directory, name, change))
  }

  async removeDomain(name: string): Promise<void> {
    const subject = checkDomain(name)
    await this.#change({ action: 'domain.remove', subject }, (directory) =>
      domains.removeDomain(directory, subject),
    )
  }

  async accounts(domain?: string): Promise<readonly Account[]> {
    const directory = await this.#holder.read()
    return sortedByAddress(
      [...directory.records].map((record) => directory.accountOf(record)),
      domain,
    )
  }

  async addAccount(given: NewAccount): Promise<Account> {
    const account = accounts.checkNewAccount(given, this.#holder.clock.now())
    await this.#need('sendingLimits', account.sendingLimit !== undefined)
    await this.#need('hashes', given.hash !== undefined)
    const password =
      given.password === undefined ? given.hash : await this.#holder.hash(given.password, account.address)
    const { id, address, ...detail } = account
    return this.#change({ action: 'account.add', subject: address, detail: { id, ...detail } }, (directory) =>
      accounts.addAccount(directory, { account, password, appPasswords: [] }),
    )
  }

  async setPassword(given: Address, secret: string): Promise<void> {
    const subject = checkAddress(given)
    const before = (await this.#holder.read()).record(subject)
    const password = await this.#holder.hash(secret, subject, before)
    await this.#change({ action: 'account.password', subject }, (directory) =>
      directory.put({ ...directory.requireRecord(subject), password }),
    )
  }

  async #changeAccount(
    action: AuditNote['action'],
    given: Address,
    facts: accounts.AccountFacts,
  ): Promise<void> {
    const subject = checkAddress(given)
    const detail = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, value ?? null]))
    await this.#change({ action, subject, detail }, (directory) =>
      accounts.changeAccount(directory, subject, facts),
    )
  }

  async setQuota(address: Address, quotaBytes: number | undefined): Promise<void> {
    await this.#changeAccount('account.quota', address, { quotaBytes: checkQuota(quotaBytes) })
  }

  async setName(address: Address, name: string | undefined): Promise<void> {
    await this.#need('accountSettings')
    await this.#changeAccount('account.name', address, { name: checkPersonName(name) })
  }

  async setDisabled(address: Address, disabled: boolean): Promise<void> {
    await this.#need('accountSettings')
    await this.#changeAccount('account.disabled', address, { disabled: disabled || undefined })
  }

  async setProtocols(address: Address, given: readonly string[]): Promise<void> {
    await this.#need('accountSettings')
    const disabledProtocols = given.length === 0 ? undefined : checkRoles(given)
    await this.#changeAccount('account.protocols', address, { disabledProtocols })
  }

  async setSendingLimit(address: Address, limit: SendingLimit | undefined): Promise<void> {
    await this.#need('sendingLimits')
    await this.#changeAccount('account.sending-limit', address, { sendingLimit: checkSendingLimit(limit) })
  }

  async rename(given: Address, to: Address): Promise<Account> {
    await this.#need('accountSettings')
    const [from, address] = [checkAddress(given), checkAddress(to)]
    const notes = (): readonly AuditNote[] => [
      { action: 'account.rename', subject: from, detail: { to: auditSubject(address) } },
      { action: 'account.rename', subject: address, detail: { from: auditSubject(from) } },
    ]
    return this.#change(notes, (directory) => accounts.changeAccount(directory, from, { address }))
  }

  async removeAccount(address: Address): Promise<void> {
    const subject = checkAddress(address)
    const keep = this.#holder.supports.restoring === true
    await this.#change({ action: 'account.remove', subject }, (directory) => {
      accounts.removeAccount(directory, subject, this.#holder.clock.now())
      if (!keep) directory.deleted = []
    })
  }

  async deletedAccounts(domain?: string): Promise<readonly DeletedAccount[]> {
    await this.#need('restoring')
    const only = domain === undefined ? undefined : checkDomain(domain)
    return (await this.#holder.read()).deleted
      .map(({ record, deletedAt }) => ({ account: record.account, deletedAt }))
      .filter(({ account }) => only === undefined || account.address.domain === only)
  }

  async restoreAccount(which: string | Address): Promise<Account> {
    await this.#need('restoring')
    return this.#change(
      ({ id, address }) => [{ action: 'account.restore', subject: address, detail: { id } }],
      (directory) => accounts.restoreAccount(directory, which),
    )
  }

  async purgeAccount(which: string | Address): Promise<void> {
    await this.#need('restoring')
    await this.#change(
      ({ id, address }: Account) => [{ action: 'account.purge', subject: address, detail: { id } }],
      (directory) => accounts.purgeAccount(directory, which),
    )
  }

  async appPasswords(address: Address): Promise<readonly AppPassword[]> {
    await this.#need('appPasswords')
    const { appPasswords } = (await this.#holder.read()).requireRecord(checkAddress(address))
    return appPasswords.map(withoutHash)
  }

  async addAppPassword(
    address: Address,
    given: NewAppPassword,
  ): ReturnType<AccountsAdministration['addAppPassword']> {
    await this.#need('appPasswords')
    const subject = checkAddress(address)
    const detail = { name: given.name, roles: given.roles ?? [] }
    const { secret = newAppSecret() } = given
    const before = (await this.#holder.read()).record(subject)
    const scramKeys = await this.#holder.scramKeys?.(secret, subject, before)
    const stored = await this.#change({ action: 'app-password.add', subject, detail }, (directory) => {
      const record = directory.requireRecord(subject)
      const { clock, cramMd5 } = this.#holder
      const made = makeAppPassword({ ...given, secret }, record.appPasswords, clock.now(), cramMd5)
      const kept = { ...made.stored, ...(scramKeys === undefined ? {} : { scramKeys }) }
      directory.put({ ...record, appPasswords: [...record.appPasswords, kept] })
      return kept
    })
    return { appPassword: withoutHash(stored), secret }
  }

  async removeAppPassword(address: Address, name: string): Promise<void> {
    await this.#need('appPasswords')
    const subject = checkAddress(address)
    await this.#change({ action: 'app-password.remove', subject, detail: { name } }, (directory) => {
      const record = directory.requireRecord(subject)
      const appPasswords = record.appPasswords.filter((each) => !sameName(each.name, name))
      if (appPasswords.length === record.appPasswords.length) throw noAppPassword(name)
      directory.put({ ...record, appPasswords })
    })
  }

  async aliases(domain?: string): Promise<readonly Alias[]> {
    return sortedByAddress([...(await this.#holder.read()).aliases.values()], domain)
  }

  async addAlias(address: Address, target: AliasTarget): Promise<void> {
    await this.#need('expiringAliases', target.expiresAt !== undefined)
    const subject = checkAliasAddress(address)
    checkExpiry(target.expiresAt, this.#holder.clock.now())
    await this.#change({ action: 'alias.add', subject, detail: targetDetail(target) }, (directory) =>
      aliases.addAlias(directory, subject, target, this.#holder.clock.now()),
    )
  }

  async removeAlias(address: Address, target?: Address): Promise<void> {
    const subject = checkAliasAddress(address)
    const detail = target === undefined ? {} : targetDetail(target)
    await this.#change({ action: 'alias.remove', subject, detail }, (directory) =>
      aliases.removeAlias(directory, subject, target),
    )
  }

  async audit(query: AuditQuery = {}): Promise<readonly AuditEntry[]> {
    await this.#need('audit')
    return findInAudit(this.#holder.trail ?? [], query)
  }
}

function withoutHash({ hash: _, scramKeys: __, ...appPassword }: StoredAppPassword): AppPassword {
  return appPassword
}
