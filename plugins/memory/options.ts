import {
  type Address,
  type Alias,
  addressKey,
  canonicalDomain,
  type NewAccount,
  type OptionReader,
  readOptions,
} from 'mailwright'
import { accountIdOf, parseOwnAddress } from 'mailwright/accounts'
import { saslprep } from 'mailwright/network'

/** Octets of a password at most: enough for any, and no flood for the hash. */
export const longestSecret = 1024

/** An account of `memoryAccounts`. */
export interface AccountOption {
  /** What its mailboxes are found by, for good; made from the address where absent. */
  readonly id?: string
  /** Such as `jo@example.org`. Its domain is ours from then on. */
  readonly address: string
  /** In clear. Absent: nobody can log in. */
  readonly password?: string
  /** For display. */
  readonly name?: string
  /** Octets that its mailboxes may hold, such as `10M`; no limit where absent. */
  readonly quotaBytes?: number | string
  /** Such as `['pop3']`. */
  readonly disabledProtocols?: readonly string[]
}

/** An alias of `memoryAccounts`. */
export interface AliasOption {
  /** Such as `info@example.org`, or `@example.org` for the domain's catch-all. */
  readonly address: string
  /** Where its mail goes. */
  readonly targets: readonly string[]
}

/** What a config may say to `memoryAccounts` and `memory`. */
export interface MemoryAccountsInput {
  /** Domains beyond those of the accounts and aliases. */
  readonly domains?: readonly string[]
  readonly accounts?: readonly AccountOption[]
  readonly aliases?: readonly AliasOption[]
  /** What separates user and detail in `user+detail@domain`; an empty text separates none. `+` */
  readonly detailSeparator?: string
  /** Whether clients are offered CRAM-MD5, for which passwords are then kept as well. `false`. */
  readonly cramMd5?: boolean
}

/** An account of the options, checked. */
export type ConfiguredAccount = NewAccount & {
  readonly id: string
  readonly disabledProtocols?: readonly string[]
}

/** The same, checked. */
export interface MemoryAccountsOptions {
  /** Canonical, each once. */
  readonly domains: readonly string[]
  readonly accounts: readonly ConfiguredAccount[]
  readonly aliases: readonly Alias[]
  readonly detailSeparator: string
  readonly cramMd5: boolean
}

export function parseAccountsOptions(input: unknown): MemoryAccountsOptions {
  const read = readOptions(input)
  const domains = readDomains(read)
  const accounts = read.list('accounts', readAccount)
  const aliases = read.list('aliases', readAlias)
  const separator = read.value('detailSeparator')
  if (separator !== undefined && typeof separator !== 'string')
    read.fault('detailSeparator', 'must be a text')
  reportClashes(read, accounts, aliases)
  const named = [...accounts, ...aliases].map(({ address }) => address.domain)
  return read.done({
    domains: [...new Set([...domains, ...named])],
    accounts,
    aliases,
    detailSeparator: typeof separator === 'string' ? separator : '+',
    cramMd5: read.boolean('cramMd5', { default: false }),
  })
}

/** What would fail in setup is a fault of the config, told with its path. */
function reportClashes(
  read: OptionReader,
  accounts: readonly ConfiguredAccount[],
  aliases: readonly Alias[],
): void {
  const taken = new Set<string>()
  const ids = new Set<string>()
  for (const [index, { address, id }] of accounts.entries()) {
    if (taken.has(addressKey(address)))
      read.fault(`accounts[${index}].address`, 'is another account’s already')
    else if (ids.has(id)) read.fault(`accounts[${index}].id`, 'is another account’s already')
    if (address.domain === '') continue
    taken.add(addressKey(address))
    ids.add(id)
  }
  for (const [index, { address }] of aliases.entries()) {
    if (taken.has(addressKey(address))) read.fault(`aliases[${index}].address`, 'is an account’s')
  }
}

function readDomains(read: OptionReader): readonly string[] {
  return read.strings('domains', { default: [] }).flatMap((name, index) => {
    const domain = canonicalDomain(name)
    if (domain === undefined) read.fault(`domains[${index}]`, 'must be a domain such as "example.org"')
    return domain ?? []
  })
}

function readAccount(read: OptionReader): ConfiguredAccount {
  const password = read.optionalString('password')
  if (password !== undefined && Buffer.byteLength(password) > longestSecret) {
    read.fault('password', `must have at most ${longestSecret} octets`)
  } else if (password && saslprep(password) === undefined) {
    read.fault('password', 'must not hold control characters or what else RFC 4013 prohibits')
  }
  const name = read.optionalString('name')
  const quotaBytes = read.value('quotaBytes') === undefined ? undefined : read.size('quotaBytes')
  const disabledProtocols = read.strings('disabledProtocols', { default: [] })
  const address = readAddress(read, 'address', read.string('address'))
  return {
    address,
    id: read.string('id', {
      default: accountIdOf(address),
      pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      expected: '1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit',
    }),
    ...(password === undefined ? {} : { password }),
    ...(name === undefined ? {} : { name }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(disabledProtocols.length === 0 ? {} : { disabledProtocols }),
  }
}

function readAlias(read: OptionReader): Alias {
  const text = read.string('address')
  const domain = text.startsWith('@') ? canonicalDomain(text.slice(1)) : undefined
  const address = domain === undefined ? readAddress(read, 'address', text) : { localPart: '', domain }
  const targets = read
    .strings('targets')
    .map((target, index) => readAddress(read, `targets[${index}]`, target))
  return { address, targets }
}

const noAddress: Address = { localPart: '', domain: '' }

function readAddress(read: OptionReader, name: string, text: string): Address {
  const address = parseOwnAddress(text)
  // An empty text has been reported as missing.
  if (address === undefined && text !== '') read.fault(name, 'must be an address such as "jo@example.org"')
  return address ?? noAddress
}
