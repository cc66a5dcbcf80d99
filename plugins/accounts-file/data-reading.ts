import {
  type Address,
  type Alias,
  type AliasTarget,
  ConfigError,
  canonicalDomain,
  type Domain,
  formatAddress,
  type OptionReader,
  readOptions,
} from 'mailwright'
import {
  type AccountRecord,
  AccountsDirectory,
  checkDomainLimits,
  type DeletedRecord,
} from 'mailwright/accounts'
import type { FileFault } from './contents.ts'
import { readAccountEntry } from './data-account.ts'
import { readAddress, readTime } from './data-values.ts'

/** The directory that data says, with everything that is wrong in it. */
export function readData(data: unknown): {
  readonly directory: AccountsDirectory
  readonly faults: readonly FileFault[]
} {
  const directory = new AccountsDirectory()
  try {
    fill(directory, readOptions(longForms(data)))
    return { directory, faults: [] }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const faults = error.faults.map(({ path, problem, suggestion }) => ({
      where: path,
      problem: suggestion === undefined ? problem : `${problem} (${suggestion})`,
    }))
    return { directory, faults }
  }
}

/** Texts may stand for domains and targets that have nothing but a name; what has no contents may be left out. */
function longForms(data: unknown): unknown {
  if (data === undefined || data === null) return {}
  if (!isObject(data)) return data
  const given = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null))
  const { domains, aliases } = given
  const long = (list: unknown, name: string): unknown =>
    Array.isArray(list) ? list.map((item) => (typeof item === 'string' ? { [name]: item } : item)) : list
  const withTargets = (alias: unknown): unknown =>
    isObject(alias) && 'targets' in alias ? { ...alias, targets: long(alias.targets, 'address') } : alias
  return {
    ...given,
    ...(domains === undefined ? {} : { domains: long(domains, 'name') }),
    ...(Array.isArray(aliases) ? { aliases: aliases.map(withTargets) } : {}),
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fill(directory: AccountsDirectory, read: OptionReader): void {
  for (const [index, domain] of read.list('domains', readDomain).entries()) {
    if (directory.domains.has(domain.name)) read.fault(`domains[${index}].name`, 'is there twice')
    else if (domain.name !== '') directory.domains.set(domain.name, domain)
  }
  checkAliasDomains(directory, read)
  for (const [index, record] of read.list('accounts', readAccountEntry).entries())
    fileAccount(directory, read, `accounts[${index}]`, record)
  for (const [index, alias] of read.list('aliases', readAlias).entries()) {
    const problem = problemAt(directory, alias.address)
    if (problem === undefined) directory.putAlias(alias)
    else if (problem !== '') read.fault(`aliases[${index}].address`, problem)
  }
  directory.deleted = read.list('deleted', readDeleted)
  for (const domain of directory.domains.values()) checkRoom(directory, read, domain)
  read.done(undefined)
}

function readDomain(read: OptionReader): Domain {
  const [name, aliasOf] = [read.string('name'), read.optionalString('aliasOf')]
  const canonical = (text: string, where: string): string => {
    const domain = canonicalDomain(text)
    if (domain === undefined && text !== '') read.fault(where, 'must be a domain such as "example.org"')
    return domain ?? ''
  }
  const quotaBytes = read.value('quota') === undefined ? undefined : read.size('quota')
  const maxAccounts =
    read.value('maxAccounts') === undefined ? undefined : read.integer('maxAccounts', { min: 0 })
  if (aliasOf !== undefined && (quotaBytes ?? maxAccounts) !== undefined)
    read.fault('aliasOf', 'makes an alias domain, which has no accounts that could be limited')
  return {
    name: canonical(name, 'name'),
    ...(aliasOf === undefined ? {} : { aliasOf: canonical(aliasOf, 'aliasOf') }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(maxAccounts === undefined ? {} : { maxAccounts }),
    ...(read.boolean('disabled', { default: false }) ? { disabled: true } : {}),
  }
}

function checkAliasDomains(directory: AccountsDirectory, read: OptionReader): void {
  for (const { name, aliasOf } of directory.domains.values()) {
    if (aliasOf === undefined || aliasOf === '') continue
    const target = directory.domains.get(aliasOf)
    if (target === undefined || target.aliasOf !== undefined)
      read.fault('domains', `${name}: ${aliasOf} is not among the domains, or an alias itself`)
  }
}

function checkRoom(directory: AccountsDirectory, read: OptionReader, domain: Domain): void {
  if ((domain.quotaBytes ?? domain.maxAccounts) === undefined) return
  try {
    checkDomainLimits(domain, directory.useOf(domain.name))
  } catch (error) {
    read.fault('domains', error instanceof Error ? error.message : String(error))
  }
}

function fileAccount(
  directory: AccountsDirectory,
  read: OptionReader,
  where: string,
  record: AccountRecord,
): void {
  const { address, id } = record.account
  const problem = problemAt(directory, address)
  if (problem !== undefined) {
    if (problem !== '') read.fault(`${where}.address`, problem)
  } else if (directory.byId(id) !== undefined) read.fault(where, `the id ${id} is there twice`)
  else directory.put(record)
}

/** Why nothing can have that address here; empty where that has been said. */
function problemAt(directory: AccountsDirectory, address: Address): string | undefined {
  if (address.domain === '') return ''
  const domain = directory.domains.get(address.domain)
  if (domain === undefined) return `the domain ${address.domain} is not among the domains`
  if (domain.aliasOf !== undefined) return `the domain ${address.domain} is an alias domain`
  if (directory.record(address) ?? directory.alias(address)) return `${formatAddress(address)} is there twice`
  return undefined
}

function readAlias(read: OptionReader): Alias {
  const address = readAddress(read, 'address', true)
  const targets = read.list('targets', readTarget).filter(({ domain }) => domain !== '')
  if (targets.length === 0) read.fault('targets', 'must be a list of addresses')
  return { address, targets }
}

function readTarget(read: OptionReader): AliasTarget {
  const [address, expiresAt] = [readAddress(read, 'address'), readTime(read, 'expires')]
  return expiresAt === undefined ? address : { ...address, expiresAt }
}

function readDeleted(read: OptionReader): DeletedRecord {
  const deletedAt = readTime(read, 'deleted') ?? new Date(0)
  return { record: readAccountEntry(read), deletedAt }
}
