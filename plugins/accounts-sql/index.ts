import {
  type Accounts,
  type AccountsAbilities,
  accounts,
  database,
  definePlugin,
  notifier,
  type PluginFactory,
} from 'mailwright'
import { checkSending } from 'mailwright/accounts'
import { SqlAdministration } from './administration.ts'
import { Changes } from './changes.ts'
import { makeFirstAccount } from './first-account.ts'
import { FirstAccountNote } from './first-account-note.ts'
import { identifySqlLogin, type LoginSettings, sqlScramVerifier, verifySqlLogin } from './login.ts'
import { Lookup } from './lookup.ts'
import { accountsMigration } from './migration-accounts.ts'
import { scramMigration } from './migration-scram.ts'
import { settingsMigration } from './migration-settings.ts'
import { type AccountsSqlInput, type AccountsSqlOptions, parseOptions } from './options.ts'
import { scramPolicies } from './secrets.ts'
import { countSending } from './sending-counts.ts'

export type { AccountsSqlInput, AccountsSqlOptions, CacheInput, FirstAccount, ScramInput } from './options.ts'

const supports: AccountsAbilities = {
  administration: true,
  aliases: true,
  catchAll: true,
  persistent: true,
  aliasDomains: true,
  domainSettings: true,
  accountSettings: true,
  hashes: true,
  expiringAliases: true,
  appPasswords: true,
  sendingLimits: true,
  restoring: true,
  audit: true,
  identify: true,
}

// The topic of hints that something was changed.
const TOPIC = 'accounts'

/** Domains, accounts and aliases in the tables of a database. */
const plugin: PluginFactory<AccountsSqlInput> = definePlugin<AccountsSqlOptions, AccountsSqlInput>({
  name: 'accounts-sql',
  provides: [accounts],
  requires: [database],
  optional: [notifier],
  migrations: [accountsMigration, settingsMigration, scramMigration],
  parseOptions,
  setup({ provide, use, useOptional, hooks, clock, log, dataDir }, options) {
    const tables = use(database)
    const hints = useOptional(notifier)
    const { detailSeparator: separator, cache, firstAccount, scram } = options
    const lookup = new Lookup({ database: tables, clock, separator, cache })
    const announce = () => {
      lookup.forget()
      hints?.publish(TOPIC, {})
    }
    const scramPolicy = scramPolicies(tables, scram)
    const changes = new Changes({ database: tables, clock, announce, scramPolicy })
    const note = new FirstAccountNote(dataDir, log)
    const logins: LoginSettings = { database: tables, clock, log, scramPolicy }
    const service: Accounts = {
      supports: { ...supports, scram: scram?.offer === true },
      domain: (name) => lookup.domain(name),
      resolve: (address) => lookup.resolve(address),
      byId: (id) => lookup.byId(id),
      verify: (login, secret, role) => verifySqlLogin(logins, login, secret, role),
      identify: (login, role) => identifySqlLogin(logins, login, role),
      ...(scram?.offer === true
        ? { scramVerifier: (login, role) => sqlScramVerifier(logins, login, role) }
        : {}),
      administration: new SqlAdministration(changes, note),
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
        if (firstAccount !== undefined) await makeFirstAccount({ changes, log, note }, firstAccount)
        await note.check(tables)
      },
      async stop() {
        unsubscribe?.()
      },
    }
  },
})

export default plugin
