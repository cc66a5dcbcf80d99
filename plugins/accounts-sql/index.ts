import {
  type Accounts,
  accounts,
  canonicalDomain,
  database,
  definePlugin,
  type PluginFactory,
} from 'mailwright'
import { SqlAdministration } from './administration.ts'
import { makeFirstAccount } from './first-account.ts'
import { verifyLogin } from './login.ts'
import { type AccountsSqlInput, type AccountsSqlOptions, parseOptions } from './options.ts'
import { findDomain, resolveAddress } from './resolution.ts'
import { type AccountRow, migrations, toAccount } from './tables.ts'

export type { AccountsSqlInput, AccountsSqlOptions, FirstAccount } from './options.ts'

/** Domains, accounts and aliases in the tables of a database. */
const plugin: PluginFactory<AccountsSqlInput> = definePlugin<AccountsSqlOptions, AccountsSqlInput>({
  name: 'accounts-sql',
  provides: [accounts],
  requires: [database],
  migrations,
  parseOptions,
  setup({ provide, use, clock, log, dataDir }, options) {
    const tables = use(database)
    const service: Accounts = {
      supports: { administration: true, aliases: true, catchAll: true, persistent: true },
      async domain(name) {
        const canonical = canonicalDomain(name)
        const row = canonical && (await tables.query((knex) => findDomain(knex, canonical)))
        return row ? { name: row.name } : undefined
      },
      resolve: (address) => tables.query((knex) => resolveAddress(knex, address, options.detailSeparator)),
      async byId(id) {
        const row = await tables.query((knex) => knex<AccountRow>('accounts').where({ id }).first())
        return row?.id === id ? toAccount(row) : undefined
      },
      verify: (login, secret, role) => verifyLogin({ database: tables, log }, login, secret, role),
      administration: new SqlAdministration(tables, clock),
    }
    provide(accounts, service)
    const { firstAccount } = options
    if (firstAccount === undefined) return
    return { serve: () => makeFirstAccount({ database: tables, clock, log, dataDir }, firstAccount) }
  },
})

export default plugin
