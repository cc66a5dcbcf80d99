import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Accounts,
  type Address,
  accounts,
  createLog,
  type Database,
  type Disposition,
  database,
  formatAddress,
  type Lifecycle,
  type Log,
  type PluginContext,
  type PluginInstance,
  systemClock,
} from 'mailwright'
import accountsExisting, { type AccountsExistingInput } from 'mailwright/plugins/accounts-existing'
import databasePlugin, { type DatabaseInput } from 'mailwright/plugins/database'
import { addressOf } from 'mailwright/testing'
import { projectFolder } from './project-files.ts'
import { unwatched } from './unwatched.ts'

/** A schema that other programs have made, of plugins/accounts-existing/schemas. */
export type SiteSchema = 'postfixadmin' | 'postfix-courier' | 'dovecot-sql'

/** A database with the tables of a site, before any plugin reads them. */
export interface Site extends AsyncDisposable {
  readonly database: Database
  insert(table: string, rows: readonly object[]): Promise<void>
  /** `accounts-existing` on this database, started. */
  read(options: AccountsExistingInput, log?: Log): Promise<SiteReader>
}

export interface SiteReader {
  readonly accounts: Accounts
  readonly commands: readonly string[]
  /** What the tap of `sort` makes of a disposition. */
  sort(disposition: Disposition): Promise<Disposition | undefined>
}

type SortTap = (disposition: Disposition) => Promise<Disposition | undefined>

/** Makes the tables of a schema in an empty database. */
export async function createSite(options: DatabaseInput, schema: SiteSchema): Promise<Site> {
  const services = new Map<unknown, unknown>()
  const dataDir = mkdtempSync(join(tmpdir(), 'mailwright-existing-'))
  let tap: SortTap = async () => undefined
  const sortHook = {
    tap(_step: string, run: SortTap): void {
      tap = run
    },
  }
  const contextFor = (log: Log): PluginContext =>
    ({
      provide: (key: unknown, service: unknown) => void services.set(key, service),
      use: (key: unknown) => services.get(key),
      hooks: { delivery: { sort: sortHook } },
      clock: systemClock,
      migrations: [],
      ...unwatched(),
      log,
      dataDir,
    }) as unknown as PluginContext
  const silent = contextFor(createLog('silent'))
  const owner = setUp(databasePlugin(options), silent)
  await owner.start?.()
  const tables = services.get(database) as Database
  for (const statement of statementsOf(schema, tables.dialect))
    await tables.query(async (knex) => await knex.raw(statement))
  return {
    database: tables,
    async insert(table, rows) {
      for (const row of rows) await tables.query(async (knex) => await knex(table).insert(row))
    },
    async read(input, log = createLog('silent')) {
      const context = contextFor(log)
      const instance = accountsExisting(input)
      await setUp(instance, context).start?.()
      const { definition } = instance
      const commands = definition.commands?.(context, definition.parseOptions(input)) ?? []
      const sort = tap
      return {
        accounts: services.get(accounts) as Accounts,
        commands: commands.map(({ name }) => name),
        sort: (disposition) => sort(disposition),
      }
    },
    async [Symbol.asyncDispose]() {
      await owner.stop?.()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

function setUp({ definition, options }: PluginInstance, context: PluginContext): Lifecycle {
  return definition.setup(context, definition.parseOptions(options)) ?? {}
}

/** The statements of a schema; without what SQLite has no word for. */
export function statementsOf(schema: SiteSchema, dialect: Database['dialect']): readonly string[] {
  const file = join(projectFolder, 'plugins/accounts-existing/schemas', `${schema}.sql`)
  const text = readFileSync(file, 'utf8').replaceAll(/^--.*$/gm, '')
  const portable =
    dialect === 'mysql'
      ? text
      : text.replaceAll(/\) engine=[^;]*;/g, ');').replaceAll(/character set \w+/g, '')
  return portable.split(';').flatMap((statement) => (statement.trim() === '' ? [] : [statement.trim()]))
}

/** What an address is, in a word: the id of an account, `→` and the targets of an alias, or the kind. */
export async function kindOf({ accounts }: SiteReader, address: Address | string): Promise<string> {
  const found = await accounts.resolve(typeof address === 'string' ? addressOf(address) : address)
  if (found.kind === 'account') return `${found.account.id}${found.account.disabled ? ' disabled' : ''}`
  return found.kind === 'alias' ? `→ ${found.addresses.map(formatAddress).join(' ')}` : found.kind
}

/** Where the tap of `sort` sends copies of an account's mail. */
export async function copiesOf({ accounts, sort }: SiteReader, address: string): Promise<readonly string[]> {
  const found = await accounts.resolve(addressOf(address))
  if (found.kind !== 'account') throw new Error(`${address} is ${found.kind}`)
  const disposition: Disposition = {
    route: { kind: 'account', account: found.account, address: addressOf(address) },
    reversePath: null,
    message: undefined as never,
    actions: [{ kind: 'file', mailbox: 'INBOX' }],
  }
  const { actions } = (await sort(disposition)) ?? disposition
  if (actions[0]?.kind !== 'file') throw new Error('the copy for the account itself was lost')
  return actions.flatMap((action) => (action.kind === 'forward' ? [formatAddress(action.address)] : []))
}
