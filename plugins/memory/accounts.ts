import {
  type Accounts,
  type Address,
  accounts as accountsKey,
  canonicalDomain,
  definePlugin,
  type PluginFactory,
  parseAddress,
  type Resolution,
  splitDetail,
} from 'mailwright'
import { MemoryAdministration } from './accounts-administration.ts'
import { AccountsDirectory } from './accounts-directory.ts'
import { type MemoryAccountsInput, type MemoryAccountsOptions, parseAccountsOptions } from './options.ts'

/** An `accounts` service on a directory in memory. */
export function createMemoryAccounts(directory: AccountsDirectory, detailSeparator: string): Accounts {
  return {
    supports: { administration: true, aliases: true, catchAll: true, persistent: false },
    administration: new MemoryAdministration(directory),
    async domain(name) {
      const canonical = canonicalDomain(name)
      return canonical !== undefined && directory.domains.has(canonical) ? { name: canonical } : undefined
    },
    resolve: async (address) => resolve(directory, address, detailSeparator),
    byId: async (id) => directory.records.find((record) => record.account.id === id)?.account,
    async verify(login, secret, role) {
      const address = parseAddress(login)
      const record = address && directory.record(address)
      const matches = directory.matches(secret, record)
      if (record === undefined) return { ok: false, reason: 'unknown' }
      if (!matches) return { ok: false, reason: 'wrong-secret' }
      if (record.account.disabledProtocols?.includes(role)) return { ok: false, reason: 'protocol' }
      return { ok: true, account: record.account }
    },
  }
}

function resolve(directory: AccountsDirectory, address: Address, separator: string): Resolution {
  if (!directory.domains.has(address.domain)) return { kind: 'foreign' }
  const whole = address.localPart === '' ? undefined : exactly(directory, address)
  if (whole !== undefined) return whole
  const split = splitDetail(address, separator)
  const user = split && exactly(directory, split.address)
  if (split && user) return user.kind === 'account' ? { ...user, detail: split.detail } : user
  const catchAll = address.localPart === '' ? undefined : directory.alias({ ...address, localPart: '' })
  return catchAll ? { kind: 'alias', addresses: catchAll.targets, via: 'catch-all' } : { kind: 'unknown' }
}

function exactly(directory: AccountsDirectory, address: Address): Resolution | undefined {
  const record = directory.record(address)
  if (record !== undefined) return { kind: 'account', account: record.account }
  const alias = directory.alias(address)
  return alias && { kind: 'alias', addresses: alias.targets, via: 'alias' }
}

/** A directory with what the options name. */
export function directoryOf(options: MemoryAccountsOptions): AccountsDirectory {
  const directory = new AccountsDirectory()
  for (const domain of options.domains) directory.domains.add(domain)
  for (const account of options.accounts) directory.addAccount(account)
  for (const { address, targets } of options.aliases) {
    for (const target of targets) directory.addAlias(address, target)
  }
  return directory
}

/** The plugin `memory-accounts`. */
export const memoryAccounts: PluginFactory<MemoryAccountsInput> = definePlugin<
  MemoryAccountsOptions,
  MemoryAccountsInput
>({
  name: 'memory-accounts',
  provides: [accountsKey],
  parseOptions: parseAccountsOptions,
  setup({ provide }, options) {
    provide(accountsKey, createMemoryAccounts(directoryOf(options), options.detailSeparator))
  },
})
