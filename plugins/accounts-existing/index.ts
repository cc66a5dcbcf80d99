import { join } from 'node:path'
import { accounts, database, definePlugin, type PluginFactory } from 'mailwright'
import { cramMd5Warning, readSaltKey } from 'mailwright/accounts'
import { ExistingAccounts } from './accounts.ts'
import { type AccountsExistingInput, type AccountsExistingOptions, parseOptions } from './options.ts'
import { passwordFaults } from './password-check.ts'
import { passwordCommand } from './password-command.ts'
import { QuerySchema } from './query-schema.ts'
import type { Schema } from './schema.ts'
import { SchemaCheck } from './schema-check.ts'
import { TableSchema } from './table-schema.ts'

export type {
  AccountColumns,
  AccountExtras,
  AccountsExistingInput,
  AliasColumns,
  CommonInput,
  DovecotSqlInput,
  PasswordsInput,
  PostfixadminInput,
  PostfixCourierInput,
  QueriesInput,
  SiteQueries,
  SiteTable,
  SiteTables,
  TableChanges,
  TablesInput,
} from './options.ts'

/** Domains, accounts and aliases in the tables that a site has already, for reading. */
const plugin: PluginFactory<AccountsExistingInput> = definePlugin<
  AccountsExistingOptions,
  AccountsExistingInput
>({
  name: 'accounts-existing',
  provides: [accounts],
  requires: [database],
  parseOptions,
  setup({ hooks, provide, use, log, dataDir }, options) {
    const tables = use(database)
    const schema = schemaOf(options)
    const check = new SchemaCheck(tables, schema, log, (one) => passwordFaults(one, options))
    const service = new ExistingAccounts({
      database: tables,
      schema,
      check,
      log,
      options,
      saltKey: () => readSaltKey(join(dataDir, 'scram-salt.key')),
    })
    provide(accounts, service)

    if (schema.hasAliases) {
      hooks.delivery.sort.tap('copies', (disposition) => service.sorted(disposition))
    }

    return {
      start: () => check.run(),
      async serve() {
        if (options.passwords.cramMd5) log.warn('starting', { text: cramMd5Warning({ offer: true }) })
      },
    }
  },
  commands({ use }, options) {
    const { passwords } = options
    if (!passwords.writeBack) return []
    return [passwordCommand({ database: use(database), schema: schemaOf(options), passwords })]
  },
})

function schemaOf({ tables, queries, defaultDomain }: AccountsExistingOptions): Schema {
  if (queries !== undefined) return new QuerySchema(queries)
  if (tables !== undefined) return new TableSchema(tables, defaultDomain)
  throw new RangeError('the options have neither tables nor queries')
}

export default plugin
