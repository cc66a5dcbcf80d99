import {
  type Account,
  type Address,
  type Alias,
  type AliasTarget,
  addressKey,
  type Domain,
  type DomainSettings,
  formatAddress,
  MailwrightError,
  type NewAccount,
  sameAddress,
} from 'mailwright'
import {
  type AccountFacts,
  accountWith,
  checkAddress,
  checkAliasAddress,
  checkDomain,
  checkNewAccount,
  checkPersonName,
  checkQuota,
  checkRoles,
  compareTexts,
  LimitedAdministration,
  sortedByAddress,
  unsupported,
} from 'mailwright/accounts'
import { type AccountEntry, domainOf, type Entry } from './entry.ts'
import { type Line, lineOf } from './line.ts'
import type { PasswdContents } from './passwd-contents.ts'
import { Rewriting, type RewritingSettings } from './rewriting.ts'
import { hasCrlf } from './text-form.ts'

/** Changes of the file, line by line: what is not concerned, comments included, stays as it is. */
export class PasswdAdministration extends LimitedAdministration {
  readonly #rewriting: Rewriting<PasswdContents>
  readonly #settings: RewritingSettings<PasswdContents>

  constructor(settings: RewritingSettings<PasswdContents>) {
    super()
    this.#settings = settings
    this.#rewriting = new Rewriting(settings)
  }

  #change(edit: (contents: PasswdContents) => readonly Line[]): Promise<void> {
    return this.#rewriting.change((contents) => textOf(edit(contents), contents))
  }

  override async domains(): Promise<readonly Domain[]> {
    const { domains } = await this.#settings.source.current()
    return [...domains].toSorted(compareTexts).map((name) => ({ name }))
  }

  override async addDomain(name: string, settings: DomainSettings = {}): Promise<Domain> {
    const domain = checkDomain(name)
    if (Object.values(settings).some((value) => value !== undefined))
      await unsupported('have settings of domains')
    await this.#change((contents) => {
      if (contents.domains.has(domain)) throw exists('domain', domain)
      return insert(contents, { kind: 'domain', name: domain })
    })
    return { name: domain }
  }

  override async removeDomain(name: string): Promise<void> {
    const domain = checkDomain(name)
    await this.#change((contents) => {
      needDomain(contents, domain)
      const isUsed = ({ entry }: Line): boolean =>
        entry !== undefined && entry.kind !== 'domain' && domainOf(entry) === domain
      if (contents.lines.some(isUsed)) {
        throw new MailwrightError('MAIL_E_IN_USE', `the domain ${domain} still has accounts or aliases`)
      }
      return contents.lines.filter(({ entry }) => entry === undefined || domainOf(entry) !== domain)
    })
  }

  override async accounts(domain?: string): Promise<readonly Account[]> {
    const { accounts } = await this.#settings.source.current()
    return sortedByAddress(
      [...accounts.values()].map(({ account }) => account),
      domain,
    )
  }

  override async addAccount(given: NewAccount): Promise<Account> {
    const account = checkNewAccount(given, this.#settings.clock.now())
    if (account.sendingLimit !== undefined) await unsupported('limit what accounts send')
    const checked = account.address
    const { password } = given
    const hash = password === undefined ? given.hash : await this.#settings.passwords.hash(password, checked)
    await this.#change((contents) => {
      needDomain(contents, checked.domain)
      needFree(contents, checked)
      return insert(contents, { kind: 'account', account, hasOwnId: true, password: hash })
    })
    return account
  }

  override async setPassword(address: Address, password: string): Promise<void> {
    const { source, passwords } = this.#settings
    const checked = checkAddress(address)
    const hash = await passwords.hash(password, checked, (await source.current()).record(checked))
    await this.#changeAccount(address, (entry) => ({ ...entry, password: hash }))
  }

  override async setQuota(address: Address, quotaBytes: number | undefined): Promise<void> {
    await this.#setFacts(address, { quotaBytes: checkQuota(quotaBytes) })
  }

  override async setName(address: Address, name: string | undefined): Promise<void> {
    await this.#setFacts(address, { name: checkPersonName(name) })
  }

  override async setDisabled(address: Address, disabled: boolean): Promise<void> {
    await this.#setFacts(address, { disabled: disabled || undefined })
  }

  override async setProtocols(address: Address, given: readonly string[]): Promise<void> {
    await this.#setFacts(address, { disabledProtocols: given.length === 0 ? undefined : checkRoles(given) })
  }

  override async rename(address: Address, to: Address): Promise<Account> {
    const checked = checkAddress(to)
    const renamed: Account[] = []
    await this.#changeAccount(address, (entry, contents) => {
      needDomain(contents, checked.domain)
      if (!sameAddress(checked, entry.account.address)) needFree(contents, checked)
      const account = accountWith(entry.account, { address: checked })
      renamed.push(account)
      // From now on it names its id: one made from the address would be another.
      return { ...entry, account, hasOwnId: true }
    })
    const [account] = renamed
    if (account === undefined) throw notFound('account', formatAddress(address))
    return account
  }

  override async removeAccount(address: Address): Promise<void> {
    await this.#changeAccount(address, () => undefined)
  }

  async #setFacts(address: Address, facts: AccountFacts): Promise<void> {
    await this.#changeAccount(address, (entry) => ({ ...entry, account: accountWith(entry.account, facts) }))
  }

  async #changeAccount(
    address: Address,
    change: (entry: AccountEntry, contents: PasswdContents) => AccountEntry | undefined,
  ): Promise<void> {
    const checked = checkAddress(address)
    await this.#change((contents) => {
      const entry = contents.accounts.get(addressKey(checked))
      if (entry === undefined) throw notFound('account', formatAddress(checked))
      return substitute(contents, entry, change(entry, contents))
    })
  }

  override async aliases(domain?: string): Promise<readonly Alias[]> {
    const { aliases } = await this.#settings.source.current()
    return sortedByAddress(
      [...aliases.values()].map(({ address, targets }) => ({ address, targets })),
      domain,
    )
  }

  override async addAlias(address: Address, target: AliasTarget): Promise<void> {
    const from = checkAliasAddress(address)
    if (target.expiresAt !== undefined) await unsupported('let aliases expire')
    const to = checkAddress(target)
    await this.#change((contents) => {
      needDomain(contents, from.domain)
      const key = addressKey(from)
      if (contents.accounts.has(key)) throw exists('account', formatAddress(from))
      const alias = contents.aliases.get(key)
      if (alias === undefined) return insert(contents, { kind: 'alias', address: from, targets: [to] })
      if (alias.targets.some((each) => addressKey(each) === addressKey(to))) {
        throw exists('alias', `${formatAddress(from)} to ${formatAddress(to)}`)
      }
      return substitute(contents, alias, { ...alias, targets: [...alias.targets, to] })
    })
  }

  override async removeAlias(address: Address, target?: Address): Promise<void> {
    const from = checkAliasAddress(address)
    const gone = target && addressKey(checkAddress(target))
    await this.#change((contents) => {
      const alias = contents.aliases.get(addressKey(from))
      const targets = alias?.targets.filter((each) => gone !== undefined && addressKey(each) !== gone) ?? []
      if (alias === undefined || targets.length === alias.targets.length)
        throw notFound('alias', formatAddress(from))
      return substitute(contents, alias, targets.length === 0 ? undefined : { ...alias, targets })
    })
  }
}

/** The text of lines; those that are new end as the lines of the file do. */
function textOf(lines: readonly Line[], { lines: before, text }: PasswdContents): string {
  if (!hasCrlf(text)) return lines.map((line) => line.text).join('\n')
  // The last line had no end until now.
  const ended = new Set(before.slice(0, -1))
  const last = lines.length - 1
  return lines
    .map((line, index) => (index === last || ended.has(line) ? line.text : `${line.text}\r`))
    .join('\n')
}

/** The lines with a further one: after the last one of its domain, or at the end. */
function insert({ lines }: PasswdContents, entry: Entry): readonly Line[] {
  const domain = domainOf(entry)
  const last = lines.findLastIndex((line) => line.entry !== undefined && domainOf(line.entry) === domain)
  // The last line of a file that ends as it should is an empty one.
  const end = lines.at(-1)?.text === '' ? lines.length - 1 : lines.length
  const written = lines.toSpliced(last < 0 ? end : last + 1, 0, lineOf(entry))
  return written.at(-1)?.text === '' ? written : [...written, { text: '', entry: undefined }]
}

/** The lines with another one in an entry's place, or none. */
function substitute({ lines }: PasswdContents, entry: Entry, by: Entry | undefined): readonly Line[] {
  return lines.flatMap((line) => {
    if (line.entry !== entry) return [line]
    return by === undefined ? [] : [lineOf(by)]
  })
}

function needFree(contents: PasswdContents, address: Address): void {
  const key = addressKey(address)
  if (contents.accounts.has(key)) throw exists('account', formatAddress(address))
  if (contents.aliases.has(key)) throw exists('alias', formatAddress(address))
}

function needDomain(contents: PasswdContents, domain: string): void {
  if (!contents.domains.has(domain)) throw notFound('domain', domain)
}

function exists(kind: string, name: string): MailwrightError {
  return new MailwrightError('MAIL_E_EXISTS', `the ${kind} ${name} exists already`)
}

function notFound(kind: string, name: string): MailwrightError {
  return new MailwrightError('MAIL_E_NOT_FOUND', `there is no ${kind} ${name}`)
}
