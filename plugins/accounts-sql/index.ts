import {
  type Accounts,
  type AccountsAbilities,
  accounts,
  checkSending,
  database,
  definePlugin,
  notifier,
  type PluginFactory,
} from 'mailwright'
import { SqlAdministration } from './administration.ts'
import { Changes } from './changes.ts'
import { makeFirstAccount } from './first-account.ts'
import { verifySqlLogin } from './login.ts'
import { Lookup } from './lookup.ts'
import { accountsMigration } from './migration-accounts.ts'
import { settingsMigration } from './migration-settings.ts'
import { type AccountsSqlInput, type AccountsSqlOptions, parseOptions } from './options.ts'
import { countSending } from './sending-counts.ts'

export type { AccountsSqlInput, AccountsSqlOptions, CacheInput, FirstAccount } from './options.ts'

const supports: AccountsAbilities = {
  administration: true,
  aliases: true,
  catchAll: true,
  persistent: true,
  aliasDomains: true,
  domainSettings: true,
  accountSettings: true,
  expiringAliases: true,
  appPasswords: true,
  sendingLimits: true,
  restoring: true,
  audit: true,
}

// The topic of hints that something was changed.
const TOPIC = 'accounts'

/** Domains, accounts and aliases in the tables of a database. */
const plugin: PluginFactory<AccountsSqlInput> = definePlugin<AccountsSqlOptions, AccountsSqlInput>({
  name: 'accounts-sql',
  provides: [accounts],
  requires: [database],
  optional: [notifier],
  migrations: [accountsMigration, settingsMigration],
  parseOptions,
  setup({ provide, use, useOptional, hooks, clock, log, dataDir }, options) {
    const tables = use(database)
    const hints = useOptional(notifier)
    const { detailSeparator: separator, cache, firstAccount } = options
    const lookup = new Lookup({ database: tables, clock, separator, cache })
    const announce = () => {
      lookup.forget()
      hints?.publish(TOPIC, {})
    }
    const changes = new Changes({ database: tables, clock, announce })
    const service: Accounts = {
      supports,
      domain: (name) => lookup.domain(name),
      resolve: (address) => lookup.resolve(address),
      byId: (id) => lookup.byId(id),
      verify: (login, secret, role) => verifySqlLogin({ database: tables, clock, log }, login, secret, role),
      administration: new SqlAdministration(changes),
    }
    provide(accounts, service)

    hooks.envelope.checkRecipient.tap('sending-limit', async (transaction) =>
      checkSending(service, transaction, (id, limit) => countSending({ database: tables, clock }, id, limit)),
    )

    let unsubscribe: (() => void) | undefined
    return {
      async start() {
        unsubscribe = hints?.subscribe(TOPIC, () => lookup.suspect())
      },
      async serve() {
        if (firstAccount !== undefined) await makeFirstAccount({ changes, log, dataDir }, firstAccount)
      },
      async stop() {
        unsubscribe?.()
      },
    }
  },
})

export default plugin
