import { isAbsolute, join } from 'node:path'
import {
  type Accounts,
  type AccountsAdministration,
  accounts,
  type Clock,
  definePlugin,
  type Lifecycle,
  type Log,
  type PluginFactory,
  parseAddress,
  UnavailableError,
} from 'mailwright'
import {
  type AccountRecord,
  cramMd5Warning,
  mayBeUsed,
  scramVerifierOf,
  verifyCramMd5,
  verifyLogin,
} from 'mailwright/accounts'
import type { FileContents, FileFormat } from './contents.ts'
import { dataAdministration } from './data-administration.ts'
import { jsonFormat } from './json-format.ts'
import { type AccountsFileInput, type AccountsFileOptions, parseOptions } from './options.ts'
import { PasswdAdministration } from './passwd-administration.ts'
import { passwdFormat } from './passwd-contents.ts'
import { FilePasswords, scramRecordOf } from './passwords.ts'
import type { RewritingSettings } from './rewriting.ts'
import { AccountsSource } from './source.ts'
import { yamlFormat } from './yaml-format.ts'

export type {
  AccountsFileInput,
  AccountsFileOptions,
  CramMd5Input,
  FormatName,
  ScramInput,
} from './options.ts'

/** Domains, accounts and aliases in a text file. */
const plugin: PluginFactory<AccountsFileInput> = definePlugin<AccountsFileOptions, AccountsFileInput>({
  name: 'accounts-file',
  provides: [accounts],
  parseOptions,
  setup({ provide, clock, log, dataDir }, options) {
    const file = isAbsolute(options.file) ? options.file : join(dataDir, options.file)
    const passwords = new FilePasswords(join(dataDir, 'scram-salt.key'), options)
    const surroundings = { options: { ...options, file }, clock, log, passwords }
    const { service, lifecycle } = provideBy(surroundings)
    provide(accounts, service)
    return lifecycle
  },
})

interface Surroundings {
  readonly options: AccountsFileOptions
  readonly clock: Clock
  readonly log: Log
  readonly passwords: FilePasswords
}

interface Provided {
  readonly service: Accounts
  readonly lifecycle: Lifecycle
}

function provideBy(surroundings: Surroundings): Provided {
  switch (surroundings.options.format) {
    case 'passwd':
      return provided(surroundings, passwdFormat, (settings) => new PasswdAdministration(settings))
    case 'json':
      return provided(surroundings, jsonFormat, dataAdministration)
    case 'yaml':
      return provided(surroundings, yamlFormat, dataAdministration)
  }
}

/** The service on a file of one format. */
function provided<Contents extends FileContents>(
  { options, clock, log, passwords }: Surroundings,
  format: FileFormat<Contents>,
  administer: (settings: RewritingSettings<Contents>) => AccountsAdministration,
): Provided {
  const { file, create, detailSeparator, cramMd5 } = options
  const source = new AccountsSource({ format, file, create, clock, log })
  const find: Find = async (login) => {
    const address = parseAddress(login)
    return address && (await source.current()).record(address)
  }
  const offers = { scram: options.scram?.offer === true, cramMd5: cramMd5?.offer === true }
  const service: Accounts = {
    supports: { ...format.supports, ...offers, identify: true },
    domain: async (name) => (await source.current()).domain(name),
    resolve: async (address) => (await source.current()).resolve(address, detailSeparator, clock.now()),
    byId: async (id) => (await source.current()).byId(id),
    verify: async (login, secret, role) => (await verifyLogin(secret, role, await find(login))).verification,
    identify: async (login, role) => mayBeUsed((await find(login))?.account, role),
    ...(offers.scram ? { scramVerifier: scramBy(passwords, find) } : {}),
    ...(offers.cramMd5 ? { verifyCramMd5: cramMd5By(find) } : {}),
    administration: administer({ source, format, file, clock, passwords }),
  }
  const lifecycle: Lifecycle = {
    keeps: [file],
    start: () => source.open(),
    check: () => source.check(),
    async serve() {
      source.watch()
      if (cramMd5 !== undefined) log.warn('starting', { text: cramMd5Warning(cramMd5) })
    },
    stop: async () => source.close(),
  }
  return { service, lifecycle }
}

type Find = (login: string) => Promise<AccountRecord | undefined>

function cramMd5By(find: Find): NonNullable<Accounts['verifyCramMd5']> {
  return async (login, response, role) => verifyCramMd5(response, role, await find(login)).verification
}

function scramBy(passwords: FilePasswords, find: Find): NonNullable<Accounts['scramVerifier']> {
  return async (login, role) => {
    const policy = await passwords.policy()
    if (policy === undefined) throw new UnavailableError('no keys for SCRAM are kept')
    const load = async () => {
      const record = await find(login)
      return record && scramRecordOf(record)
    }
    return scramVerifierOf(policy, { login, role, load })
  }
}

export default plugin
