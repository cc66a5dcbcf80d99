import {
  type Account,
  type AccountsAdministration,
  type Address,
  type Alias,
  addressKey,
  type Clock,
  checkAddress,
  checkAliasAddress,
  checkDomain,
  checkPersonName,
  checkQuota,
  type Domain,
  formatAddress,
  hashPassword,
  MailwrightError,
  type NewAccount,
  newAccountId,
} from 'mailwright'
import type { Directory } from './directory.ts'
import { type AccountEntry, domainOf, type Entry } from './entry.ts'
import { type Line, lineOf } from './line.ts'
import { type Edit, rewrite } from './rewriting.ts'
import type { AccountsSource } from './source.ts'

export interface AdministrationSettings {
  readonly source: AccountsSource
  /** Absolute. */
  readonly file: string
  readonly clock: Clock
}

/** Changes to the file, line by line: what is not concerned, comments included, stays as it is. */
export class FileAdministration implements AccountsAdministration {
  readonly #settings: AdministrationSettings
  #last: Promise<unknown> = Promise.resolve()

  constructor(settings: AdministrationSettings) {
    this.#settings = settings
  }

  /** One after the other within this process; the lock file keeps other processes off. */
  #change(edit: Edit): Promise<void> {
    const { source, file, clock } = this.#settings
    const change = this.#last.then(() => rewrite(source, file, clock, edit))
    this.#last = change.catch(() => undefined)
    return change
  }

  async domains(): Promise<readonly Domain[]> {
    const { domains } = await this.#settings.source.current()
    return [...domains].toSorted(compare).map((name) => ({ name }))
  }

  async addDomain(name: string): Promise<Domain> {
    const domain = checkDomain(name)
    await this.#change((directory) => {
      if (directory.domains.has(domain)) throw exists('domain', domain)
      return insert(directory, { kind: 'domain', name: domain })
    })
    return { name: domain }
  }

  async removeDomain(name: string): Promise<void> {
    const domain = checkDomain(name)
    await this.#change((directory) => {
      needDomain(directory, domain)
      const isUsed = ({ entry }: Line): boolean =>
        entry !== undefined && entry.kind !== 'domain' && domainOf(entry) === domain
      if (directory.lines.some(isUsed)) {
        throw new MailwrightError('MAIL_E_IN_USE', `the domain ${domain} still has accounts or aliases`)
      }
      return directory.lines.filter(({ entry }) => entry === undefined || domainOf(entry) !== domain)
    })
  }

  async accounts(domain?: string): Promise<readonly Account[]> {
    const only = domain === undefined ? undefined : checkDomain(domain)
    const { accounts } = await this.#settings.source.current()
    return [...accounts]
      .toSorted(([a], [b]) => compare(a, b))
      .map(([, { account }]) => account)
      .filter(({ address }) => only === undefined || address.domain === only)
  }

  async addAccount({ address, password, name, quotaBytes }: NewAccount): Promise<Account> {
    const checked = checkAddress(address)
    const personName = checkPersonName(name)
    const quota = checkQuota(quotaBytes)
    const account: Account = {
      id: newAccountId(this.#settings.clock.now()),
      address: checked,
      ...(personName === undefined ? {} : { name: personName }),
      ...(quota === undefined ? {} : { quotaBytes: quota }),
    }
    const hash = password === undefined ? undefined : await hashPassword(password)
    await this.#change((directory) => {
      needDomain(directory, checked.domain)
      const key = addressKey(checked)
      if (directory.accounts.has(key)) throw exists('account', formatAddress(checked))
      if (directory.aliases.has(key)) throw exists('alias', formatAddress(checked))
      return insert(directory, { kind: 'account', account, hasOwnId: true, password: hash, disabled: false })
    })
    return account
  }

  async setPassword(address: Address, password: string): Promise<void> {
    const hash = await hashPassword(password)
    await this.#changeAccount(address, (entry) => ({ ...entry, password: hash }))
  }

  async setQuota(address: Address, quotaBytes: number | undefined): Promise<void> {
    const quota = checkQuota(quotaBytes)
    await this.#changeAccount(address, (entry) => {
      const { quotaBytes: _, ...account } = entry.account
      return { ...entry, account: quota === undefined ? account : { ...account, quotaBytes: quota } }
    })
  }

  async removeAccount(address: Address): Promise<void> {
    await this.#changeAccount(address, () => undefined)
  }

  async #changeAccount(
    address: Address,
    change: (entry: AccountEntry) => AccountEntry | undefined,
  ): Promise<void> {
    const checked = checkAddress(address)
    await this.#change((directory) => {
      const entry = directory.accounts.get(addressKey(checked))
      if (entry === undefined) throw notFound('account', formatAddress(checked))
      return substitute(directory, entry, change(entry))
    })
  }

  async aliases(domain?: string): Promise<readonly Alias[]> {
    const only = domain === undefined ? undefined : checkDomain(domain)
    const { aliases } = await this.#settings.source.current()
    return [...aliases]
      .toSorted(([a], [b]) => compare(a, b))
      .map(([, { address, targets }]) => ({ address, targets }))
      .filter(({ address }) => only === undefined || address.domain === only)
  }

  async addAlias(address: Address, target: Address): Promise<void> {
    const from = checkAliasAddress(address)
    const to = checkAddress(target)
    await this.#change((directory) => {
      needDomain(directory, from.domain)
      const key = addressKey(from)
      if (directory.accounts.has(key)) throw exists('account', formatAddress(from))
      const alias = directory.aliases.get(key)
      if (alias === undefined) return insert(directory, { kind: 'alias', address: from, targets: [to] })
      if (alias.targets.some((each) => addressKey(each) === addressKey(to))) {
        throw exists('alias', `${formatAddress(from)} to ${formatAddress(to)}`)
      }
      return substitute(directory, alias, { ...alias, targets: [...alias.targets, to] })
    })
  }

  async removeAlias(address: Address, target?: Address): Promise<void> {
    const from = checkAliasAddress(address)
    const gone = target && addressKey(checkAddress(target))
    await this.#change((directory) => {
      const alias = directory.aliases.get(addressKey(from))
      const targets = alias?.targets.filter((each) => gone !== undefined && addressKey(each) !== gone) ?? []
      if (alias === undefined || targets.length === alias.targets.length)
        throw notFound('alias', formatAddress(from))
      return substitute(directory, alias, targets.length === 0 ? undefined : { ...alias, targets })
    })
  }
}

/** The lines with a further one: after the last one of its domain, or at the end. */
function insert({ lines }: Directory, entry: Entry): readonly Line[] {
  const domain = domainOf(entry)
  const last = lines.findLastIndex((line) => line.entry !== undefined && domainOf(line.entry) === domain)
  // The last line of a file that ends as it should is an empty one.
  const end = lines.at(-1)?.text === '' ? lines.length - 1 : lines.length
  const written = lines.toSpliced(last < 0 ? end : last + 1, 0, lineOf(entry))
  return written.at(-1)?.text === '' ? written : [...written, { text: '', entry: undefined }]
}

/** The lines with another one in an entry's place, or none. */
function substitute({ lines }: Directory, entry: Entry, by: Entry | undefined): readonly Line[] {
  return lines.flatMap((line) => {
    if (line.entry !== entry) return [line]
    return by === undefined ? [] : [lineOf(by)]
  })
}

function needDomain(directory: Directory, domain: string): void {
  if (!directory.domains.has(domain)) throw notFound('domain', domain)
}

function exists(kind: string, name: string): MailwrightError {
  return new MailwrightError('MAIL_E_EXISTS', `the ${kind} ${name} exists already`)
}

function notFound(kind: string, name: string): MailwrightError {
  return new MailwrightError('MAIL_E_NOT_FOUND', `there is no ${kind} ${name}`)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
