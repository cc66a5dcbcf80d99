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
  verifyLogin,
} from 'mailwright'
import type { FileContents, FileFormat } from './contents.ts'
import { dataAdministration } from './data-administration.ts'
import { jsonFormat } from './json-format.ts'
import { type AccountsFileInput, type AccountsFileOptions, parseOptions } from './options.ts'
import { PasswdAdministration } from './passwd-administration.ts'
import { passwdFormat } from './passwd-contents.ts'
import type { RewritingSettings } from './rewriting.ts'
import { AccountsSource } from './source.ts'
import { yamlFormat } from './yaml-format.ts'

export type { AccountsFileInput, AccountsFileOptions, FormatName } from './options.ts'

/** Domains, accounts and aliases in a text file. */
const plugin: PluginFactory<AccountsFileInput> = definePlugin<AccountsFileOptions, AccountsFileInput>({
  name: 'accounts-file',
  provides: [accounts],
  parseOptions,
  setup({ provide, clock, log, dataDir }, options) {
    const file = isAbsolute(options.file) ? options.file : join(dataDir, options.file)
    const surroundings = { options: { ...options, file }, clock, log }
    const { service, lifecycle } = provideBy(surroundings)
    provide(accounts, service)
    return lifecycle
  },
})

interface Surroundings {
  readonly options: AccountsFileOptions
  readonly clock: Clock
  readonly log: Log
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
  { options, clock, log }: Surroundings,
  format: FileFormat<Contents>,
  administer: (settings: RewritingSettings<Contents>) => AccountsAdministration,
): Provided {
  const { file, create, detailSeparator } = options
  const source = new AccountsSource({ format, file, create, clock, log })
  const service: Accounts = {
    supports: format.supports,
    domain: async (name) => (await source.current()).domain(name),
    resolve: async (address) => (await source.current()).resolve(address, detailSeparator, clock.now()),
    byId: async (id) => (await source.current()).byId(id),
    async verify(login, secret, role) {
      const address = parseAddress(login)
      const record = address && (await source.current()).record(address)
      return (await verifyLogin(secret, role, record)).verification
    },
    administration: administer({ source, format, file, clock }),
  }
  const lifecycle: Lifecycle = {
    start: () => source.open(),
    serve: async () => source.watch(),
    stop: async () => source.close(),
  }
  return { service, lifecycle }
}

export default plugin
