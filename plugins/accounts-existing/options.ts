import { type OptionReader, readOptions } from 'mailwright'
import { readDetailSeparator } from 'mailwright/accounts'
import type { Conditions } from './condition.ts'
import type { PasswordSettings } from './login.ts'
import { type Authmysqlrc, postfixCourierTables, readAuthmysqlrc } from './postfix-courier.ts'
import { postfixadminTables } from './postfixadmin.ts'
import { type QueryMapping, readDovecotQueries, readQueries } from './query-mapping.ts'
import {
  type AttributeSource,
  readDefaultDomain,
  readTableMapping,
  type TableMapping,
} from './table-mapping.ts'

/** What the config says, read. */
export interface AccountsExistingOptions {
  /** One of the two. */
  readonly tables: TableMapping | undefined
  readonly queries: QueryMapping | undefined
  readonly passwords: PasswordSettings
  readonly detailSeparator: string
  readonly defaultDomain: string | undefined
}

/** What a config may write: a preset, or the site's own tables, or its own queries. */
export type AccountsExistingInput =
  | PostfixadminInput
  | PostfixCourierInput
  | DovecotSqlInput
  | TablesInput
  | QueriesInput

/** What may be said in each case. */
export interface CommonInput {
  readonly passwords?: PasswordsInput
  /** What separates the detail from the local part (RFC 5233). `+`; empty for none. */
  readonly detailSeparator?: string
  /** The domain of logins, accounts and alias targets that have none. */
  readonly defaultDomain?: string
}

export interface PasswordsInput {
  /** What a hash is that neither names its scheme nor shows it: `PLAIN-MD5`, say. */
  readonly defaultScheme?: string
  /** Whether what is no hash is the password itself. `false`. */
  readonly plain?: boolean
  /** Whether a password is kept as argon2id in its column when its owner logs in. `false`. */
  readonly rehash?: boolean
  /** Whether `mailwright existing passwd` may set passwords. `false`. */
  readonly writeBack?: boolean
  /** Whether clients are offered SCRAM: where most hashes are `{SCRAM-SHA-256}`. Those are then never replaced. `false`. */
  readonly scram?: boolean
  /** The iterations that most of them have: logins that nobody has are shown so many. 4,096. */
  readonly scramIterations?: number
  /** Whether clients are offered CRAM-MD5: where most passwords are `{CRAM-MD5}` or in clear. Those are then never replaced. `false`. */
  readonly cramMd5?: boolean
}

export interface PostfixadminInput extends CommonInput {
  readonly preset: 'postfixadmin'
  readonly tables?: TableChanges
}

export interface PostfixCourierInput extends CommonInput {
  readonly preset: 'postfix-courier'
  /** The table of accounts as Courier's own file describes it. */
  readonly authmysqlrc?: Authmysqlrc
  readonly tables?: TableChanges
}

export interface DovecotSqlInput extends CommonInput {
  readonly preset: 'dovecot-sql'
  /** As in `dovecot-sql.conf.ext`, with `%u`, `%n`, `%d`. */
  readonly passwordQuery: string
  /** The password's row where absent. */
  readonly userQuery?: string
  /** A row for each domain that is ours. */
  readonly domainQuery: string
  /** A column `target` for each alias. */
  readonly aliasQuery?: string
  /** With `:password` and `:address`. */
  readonly setPasswordQuery?: string
}

export interface TablesInput extends CommonInput {
  readonly tables: SiteTables
}

export interface QueriesInput extends CommonInput {
  readonly queries: SiteQueries
}

/** Which tables hold what. */
export interface SiteTables {
  readonly domains: SiteTable<{ readonly name: string; readonly active?: string }>
  readonly aliasDomains?: SiteTable<{
    readonly name: string
    readonly target: string
    readonly active?: string
  }>
  /** Where Postfix sends mail for a domain: one that leads to another host is not ours. */
  readonly transports?: SiteTable<{
    readonly domain: string
    readonly transport: string
    readonly active?: string
  }> & { readonly remote?: readonly string[] }
  readonly accounts: SiteTable<AccountColumns> & AccountExtras
  readonly aliases?: SiteTable<AliasColumns>
}

/** A table: its name, its columns, and conditions that its rows must meet. */
export interface SiteTable<Columns> {
  readonly table: string
  readonly columns: Columns
  readonly where?: Conditions
}

export interface AccountColumns {
  /** One column, or two. */
  readonly address: string | { readonly localPart: string; readonly domain: string }
  /** What never changes; the address where absent. */
  readonly id?: string
  /** What is typed in to log in; the address where absent. */
  readonly login?: string
  /** The password's hash. */
  readonly password?: string
  /** The password itself; it counts where there is no hash. */
  readonly clear?: string
  readonly name?: string
  readonly quota?: string
  /** Courier's account options. */
  readonly options?: string
  readonly active?: string
}

export interface AccountExtras {
  /** Octets that a number in the quota's column counts. `1`. */
  readonly quotaUnit?: number | string
  /** Columns that switch a protocol on. */
  readonly protocols?: Readonly<
    Partial<Record<'submission' | 'pop3' | 'imap' | 'managesieve' | 'http', string>>
  >
  /** What templates of other plugins may use. */
  readonly attributes?: Readonly<Record<string, AttributeSource>>
}

export interface AliasColumns {
  /** With an empty local part for a catch-all: `@example.org`. */
  readonly address: string | { readonly localPart: string; readonly domain: string }
  /** Addresses, separated by commas. */
  readonly targets: string
  readonly active?: string
}

/** A preset's tables with changes: what is not named stays, what is null is left out. */
export type TableChanges = {
  readonly [Name in keyof SiteTables]?: Changes<NonNullable<SiteTables[Name]>> | null
}

type Changes<Table> = {
  readonly [Name in keyof Table]?: Name extends 'columns' | 'attributes' | 'protocols'
    ? { readonly [Column in keyof Table[Name]]?: Table[Name][Column] | null }
    : Table[Name]
}

/** Complete queries. Parameters are bound. */
export interface SiteQueries {
  /** With `:domain`. A row: the domain is ours. `alias_of` makes an alias domain of it. */
  readonly domain: string
  /** With `:address`, `:localPart`, `:domain`, `:service`. Columns: see README.md. */
  readonly account: string
  /** With `:id`; the id is the address where absent. */
  readonly accountById?: string
  /** With `:address`, `:localPart`, `:domain`. Column `target`. */
  readonly alias?: string
  /** With `:login` and the others. Columns `password` or `clear`; `account` has them where absent. */
  readonly password?: string
  /** With `:password`, `:oldPassword`, `:address`, `:id` and the others. */
  readonly setPassword?: string
}

const presets = ['postfixadmin', 'postfix-courier', 'dovecot-sql'] as const

export function parseOptions(input: unknown): AccountsExistingOptions {
  const read = readOptions(input)
  const common = {
    passwords: read.object('passwords', readPasswords) ?? noPasswordSettings,
    detailSeparator: readDetailSeparator(read),
    defaultDomain: readDefaultDomain(read, 'defaultDomain'),
  }
  const options = { ...common, ...readSource(read, common.defaultDomain) }
  checkWriteBack(read, options)
  return read.done(options)
}

type Source = Pick<AccountsExistingOptions, 'tables' | 'queries' | 'defaultDomain'>

function readSource(read: OptionReader, defaultDomain: string | undefined): Source {
  if (read.value('preset') === undefined) return { ...readOwn(read), defaultDomain }
  switch (read.choice('preset', presets)) {
    case 'postfixadmin':
      return { tables: readTables(read, postfixadminTables), queries: undefined, defaultDomain }
    case 'postfix-courier': {
      const courier = read.object('authmysqlrc', readAuthmysqlrc)
      const preset =
        courier === undefined ? postfixCourierTables : { ...postfixCourierTables, accounts: courier.accounts }
      return {
        tables: readTables(read, preset),
        queries: undefined,
        defaultDomain: defaultDomain ?? courier?.defaultDomain,
      }
    }
    case 'dovecot-sql':
      return { tables: undefined, queries: readDovecotQueries(read), defaultDomain }
  }
}

function readOwn(read: OptionReader): Pick<Source, 'tables' | 'queries'> {
  const hasTables = read.value('tables') !== undefined
  const hasQueries = read.value('queries') !== undefined
  if (hasTables && hasQueries) read.fault('queries', 'cannot stand beside `tables`')
  if (!hasTables && !hasQueries) {
    const choices = presets.map((preset) => `"${preset}"`).join(', ')
    read.fault('', `needs \`preset\` (${choices}), \`tables\` or \`queries\``)
  }
  return {
    tables: hasTables ? read.object('tables', (nested) => readTableMapping(nested)) : undefined,
    queries: hasQueries ? read.object('queries', readQueries) : undefined,
  }
}

function readTables(read: OptionReader, preset: TableMapping): TableMapping {
  return read.object('tables', (nested) => readTableMapping(nested, preset)) ?? preset
}

const noPasswordSettings: PasswordSettings = {
  defaultScheme: undefined,
  plain: false,
  rehash: false,
  writeBack: false,
  scram: false,
  scramIterations: 4096,
  cramMd5: false,
}

function readPasswords(read: OptionReader): PasswordSettings {
  return {
    defaultScheme: readScheme(read),
    plain: read.boolean('plain', { default: false }),
    rehash: read.boolean('rehash', { default: false }),
    writeBack: read.boolean('writeBack', { default: false }),
    scram: read.boolean('scram', { default: false }),
    scramIterations: read.integer('scramIterations', { default: 4096, min: 1, max: 1_000_000 }),
    cramMd5: read.boolean('cramMd5', { default: false }),
  }
}

function readScheme(read: OptionReader): string | undefined {
  const given = read.optionalString('defaultScheme')
  if (given === undefined || given === '') return undefined
  if (/^[a-z0-9-]{1,32}(\.(hex|b64|base64))?$/i.test(given)) return given
  read.fault('defaultScheme', 'must be the name of a scheme such as "SHA512-CRYPT" or "SHA256.HEX"')
  return undefined
}

/** What is to be written needs a place. */
function checkWriteBack(read: OptionReader, { passwords, tables, queries }: AccountsExistingOptions): void {
  const hasPlace =
    tables === undefined ? queries?.setPassword !== undefined : tables.accounts.password !== undefined
  for (const name of ['rehash', 'writeBack'] as const) {
    if (!passwords[name] || hasPlace) continue
    const place = tables === undefined ? 'a query that sets passwords' : 'a column of passwords'
    read.fault(`passwords.${name}`, `needs ${place}`)
  }
}
