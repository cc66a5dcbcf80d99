import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Accounts,
  type AccountsAdministration,
  accounts,
  type Clock,
  createLog,
  type Database,
  database,
  type Lifecycle,
  type Log,
  type Notifier,
  notifier,
  type PluginContext,
  type PluginInstance,
  systemClock,
} from 'mailwright'
import accountsSql, { type AccountsSqlInput } from 'mailwright/plugins/accounts-sql'
import databasePlugin from 'mailwright/plugins/database'
import type { DatabaseUnderTest } from './database-under-test.ts'
import { unwatched } from './unwatched.ts'

/** `accounts-sql` on a database, as one process has it. */
export interface SqlAccounts {
  readonly accounts: Accounts
  readonly administration: AccountsAdministration
  readonly database: Database
  readonly dataDir: string
  serve(): Promise<void>
  stop(): Promise<void>
}

export interface SqlAccountsOptions {
  readonly options?: AccountsSqlInput
  readonly clock?: Clock
  readonly log?: Log
  readonly notifier?: Notifier
  /** One of its own, removed at `stop`, where absent. */
  readonly dataDir?: string
}

/** Starts both plugins as a host would; what a host serves is for `serve`. */
export async function startSqlAccounts(
  { options: databaseOptions }: Pick<DatabaseUnderTest, 'options'>,
  { options = {}, clock = systemClock, log = createLog('silent'), ...given }: SqlAccountsOptions = {},
): Promise<SqlAccounts> {
  const dataDir = given.dataDir ?? mkdtempSync(join(tmpdir(), 'mailwright-accounts-sql-'))
  const services = new Map<unknown, unknown>([[notifier, given.notifier]])
  const plugins = [databasePlugin(databaseOptions), accountsSql(options)]
  const contextFor = ({ definition }: PluginInstance) =>
    ({
      provide: (key: unknown, service: unknown) => void services.set(key, service),
      use: (key: unknown) => services.get(key),
      useOptional: (key: unknown) => services.get(key),
      hooks: { envelope: { checkRecipient: { tap: () => undefined } } },
      // The database's own patience is the machine's.
      clock: definition.name === 'database' ? systemClock : clock,
      migrations: plugins.map((plugin) => ({
        plugin: plugin.definition.name,
        migrations: plugin.definition.migrations ?? [],
      })),
      log,
      dataDir,
      ...unwatched(),
    }) as unknown as PluginContext
  const lifecycles = plugins.map(
    (plugin): Lifecycle =>
      plugin.definition.setup(contextFor(plugin), plugin.definition.parseOptions(plugin.options)) ?? {},
  )
  for (const lifecycle of lifecycles) await lifecycle.start?.()
  const service = services.get(accounts) as Accounts
  if (service.administration === undefined) throw new Error('no administration')
  return {
    accounts: service,
    administration: service.administration,
    database: services.get(database) as Database,
    dataDir,
    async serve() {
      for (const lifecycle of lifecycles) await lifecycle.serve?.()
    },
    async stop() {
      for (const lifecycle of lifecycles.toReversed()) await lifecycle.stop?.()
      if (given.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
