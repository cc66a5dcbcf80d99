import {
  type Accounts,
  type AccountsAbilities,
  type AuditEntry,
  accounts as accountsKey,
  type Clock,
  definePlugin,
  type Hooks,
  type Log,
  type PluginFactory,
  parseAddress,
  type SessionRole,
  systemClock,
  type Verification,
} from 'mailwright'
import {
  type AccountRecord,
  AccountsDirectory,
  checkNewAccount,
  checkSending,
  cramMd5Warning,
  DirectoryAdministration,
  matchAppPassword,
  mayBeUsed,
  type StoredAppPassword,
  scramVerifierOf,
  verifyCramMd5,
} from 'mailwright/accounts'
import { AccountSecrets, cramMd5RecordOf, scramRecordOf } from './account-secrets.ts'
import { type MemoryAccountsInput, type MemoryAccountsOptions, parseAccountsOptions } from './options.ts'
import { SendingCounts } from './sending-counts.ts'

const abilities: AccountsAbilities = {
  administration: true,
  aliases: true,
  catchAll: true,
  persistent: false,
  aliasDomains: true,
  domainSettings: true,
  accountSettings: true,
  expiringAliases: true,
  appPasswords: true,
  sendingLimits: true,
  restoring: true,
  audit: true,
  scram: true,
  identify: true,
}

const usedWithin = 60_000

/** An `accounts` service in memory, with what a config may name. MAIL_E_CONFIG. */
export function createMemoryAccounts(input: MemoryAccountsInput = {}, clock: Clock = systemClock): Accounts {
  return memoryAccountsOf(parseAccountsOptions(input), clock)
}

/** The same with options that have been checked. */
export function memoryAccountsOf(options: MemoryAccountsOptions, clock: Clock): Accounts {
  const { cramMd5 } = options
  const supports = { ...abilities, cramMd5 }
  const secrets = new AccountSecrets(cramMd5)
  const directory = directoryOf(options, secrets, clock)
  const trail: AuditEntry[] = []
  return {
    supports,
    administration: new DirectoryAdministration({
      supports,
      clock,
      trail,
      read: async () => directory,
      change: async (edit) => edit(directory),
      hash: async (...given) => secrets.keep(...given),
      scramKeys: async (...given) => secrets.scramKeys(...given),
      cramMd5,
    }),
    domain: async (name) => directory.domain(name),
    resolve: async (address) => directory.resolve(address, options.detailSeparator, clock.now()),
    async byId(id) {
      const record = directory.byId(id)
      return record && directory.accountOf(record)
    },
    async verify(login, secret, role) {
      const record = recordAt(directory, login)
      const isOwn = secrets.matches(secret, record?.password)
      return record === undefined
        ? { ok: false, reason: 'unknown' }
        : verify({ directory, clock }, record, { secret, isOwn, role })
    },
    scramVerifier: (login, role) =>
      scramVerifierOf(secrets.policy, {
        login,
        role,
        async load() {
          const record = recordAt(directory, login)
          return record && scramRecordOf({ ...record, account: directory.accountOf(record) })
        },
        async onUse(used) {
          const record = recordAt(directory, login)
          if (record !== undefined) noteUse({ directory, clock }, record, used)
        },
      }),
    ...(cramMd5 ? { verifyCramMd5: cramMd5By({ directory, clock }) } : {}),
    async identify(login, role) {
      const record = recordAt(directory, login)
      return mayBeUsed(record && directory.accountOf(record), role)
    },
  }
}

function cramMd5By(holder: Holder): NonNullable<Accounts['verifyCramMd5']> {
  const { directory } = holder
  return async (login, response, role) => {
    const record = recordAt(directory, login)
    const kept = record && cramMd5RecordOf({ ...record, account: directory.accountOf(record) })
    const { verification, used } = verifyCramMd5(response, role, kept)
    if (record !== undefined && used !== undefined) noteUse(holder, record, used)
    return verification
  }
}

function recordAt(directory: AccountsDirectory, login: string): AccountRecord | undefined {
  const address = parseAddress(login)
  return address && directory.record(address)
}

interface Holder {
  readonly directory: AccountsDirectory
  readonly clock: Clock
}

/** What a secret opens: `isOwn` says that it is the account's own password. */
function verify(
  { directory, clock }: Holder,
  record: AccountRecord,
  { secret, isOwn, role }: { secret: string; isOwn: boolean; role: SessionRole },
): Verification {
  const match = isOwn ? undefined : matchAppPassword(secret, role, record.appPasswords)
  if (!isOwn && match === undefined) return { ok: false, reason: 'wrong-secret' }
  const account = directory.accountOf(record)
  if (account.disabled) return { ok: false, reason: 'disabled' }
  if (match?.inScope === false || account.disabledProtocols?.includes(role))
    return { ok: false, reason: 'protocol' }
  if (match === undefined) return { ok: true, account }
  noteUse({ directory, clock }, record, match.found)
  return { ok: true, account, appPassword: match.found.name }
}

/** Notes that an app password was used, unless that was noted a moment ago. */
function noteUse({ directory, clock }: Holder, record: AccountRecord, found: StoredAppPassword): void {
  const now = clock.now()
  if (now - (found.lastUsedAt?.getTime() ?? 0) < usedWithin) return
  const used = { ...found, lastUsedAt: new Date(now) }
  const appPasswords = record.appPasswords.map((each) => (each === found ? used : each))
  directory.put({ ...record, appPasswords })
}

/** A directory with what the options name; they have been checked. */
function directoryOf(
  options: MemoryAccountsOptions,
  secrets: AccountSecrets,
  clock: Clock,
): AccountsDirectory {
  const directory = new AccountsDirectory()
  for (const name of options.domains) directory.domains.set(name, { name })
  for (const { id, password, ...given } of options.accounts) {
    const account = { ...checkNewAccount(given, clock.now()), id }
    const kept = password === undefined ? undefined : secrets.keep(password, account.address)
    directory.put({ account, password: kept, appPasswords: [] })
  }
  for (const alias of options.aliases) directory.putAlias(alias)
  return directory
}

/** Refuses recipients of accounts that have reached their sending limit. */
export function limitSending(hooks: Hooks, accounts: Accounts, clock: Clock): void {
  const counts = new SendingCounts(clock)
  hooks.envelope.checkRecipient.tap('sending-limit', async (transaction) =>
    checkSending(accounts, transaction, async (id, limit) => counts.count(id, limit)),
  )
}

/** The warning of a server that offers CRAM-MD5. */
export async function warnOfCramMd5({ cramMd5 }: MemoryAccountsOptions, log: Log): Promise<void> {
  if (cramMd5) log.warn('starting', { text: cramMd5Warning({ offer: true }) })
}

/** The plugin `memory-accounts`. */
export const memoryAccounts: PluginFactory<MemoryAccountsInput> = definePlugin<
  MemoryAccountsOptions,
  MemoryAccountsInput
>({
  name: 'memory-accounts',
  provides: [accountsKey],
  parseOptions: parseAccountsOptions,
  setup({ provide, hooks, clock, log }, options) {
    const accounts = memoryAccountsOf(options, clock)
    provide(accountsKey, accounts)
    limitSending(hooks, accounts, clock)
    return { serve: () => warnOfCramMd5(options, log) }
  },
})
