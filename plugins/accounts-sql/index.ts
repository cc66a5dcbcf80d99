import {
  type Accounts,
  type AccountsAbilities,
  accounts,
  database,
  definePlugin,
  notifier,
  type PluginFactory,
} from 'mailwright'
import { checkSending, cramMd5Warning } from 'mailwright/accounts'
import { SqlAdministration } from './administration.ts'
import { Changes } from './changes.ts'
import { makeFirstAccount } from './first-account.ts'
import { FirstAccountNote } from './first-account-note.ts'
import {
  identifySqlLogin,
  type LoginSettings,
  sqlScramVerifier,
  verifySqlCramMd5,
  verifySqlLogin,
} from './login.ts'
import { Lookup } from './lookup.ts'
import { accountsMigration } from './migration-accounts.ts'
import { scramMigration } from './migration-scram.ts'
import { settingsMigration } from './migration-settings.ts'
import { type AccountsSqlInput, type AccountsSqlOptions, parseOptions } from './options.ts'
import { secretPolicies } from './secrets.ts'
import { countSending } from './sending-counts.ts'

export type {
  AccountsSqlInput,
  AccountsSqlOptions,
  CacheInput,
  CramMd5Input,
  FirstAccount,
  ScramInput,
} from './options.ts'

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
    const { detailSeparator: separator, cache, firstAccount } = options
    const offers = { scram: options.scram?.offer === true, cramMd5: options.cramMd5?.offer === true }
    const lookup = new Lookup({ database: tables, clock, separator, cache })
    const announce = () => {
      lookup.forget()
      hints?.publish(TOPIC, {})
    }
    const secretPolicy = secretPolicies(tables, options)
    const changes = new Changes({ database: tables, clock, announce, secretPolicy })
    const note = new FirstAccountNote(dataDir, log)
    const logins: LoginSettings = { database: tables, clock, log, secretPolicy }
    const service: Accounts = {
      supports: { ...supports, ...offers },
      domain: (name) => lookup.domain(name),
      resolve: (address) => lookup.resolve(address),
      byId: (id) => lookup.byId(id),
      verify: (login, secret, role) => verifySqlLogin(logins, login, secret, role),
      identify: (login, role) => identifySqlLogin(logins, login, role),
      ...(offers.scram ? { scramVerifier: (login, role) => sqlScramVerifier(logins, login, role) } : {}),
      ...(offers.cramMd5
        ? { verifyCramMd5: (login, response, role) => verifySqlCramMd5(logins, login, response, role) }
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
        if (options.cramMd5 !== undefined) log.warn('starting', { text: cramMd5Warning(options.cramMd5) })
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
