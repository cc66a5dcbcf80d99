import { canonicalDomain, type OptionReader } from 'mailwright'
import { isColumnName } from './identifier.ts'
import type { AccountTable, AttributeSource, TableMapping } from './table-mapping.ts'

/** The settings of Courier's `authmysqlrc` that name tables and columns, under their own names. */
export interface Authmysqlrc {
  /** The table of accounts. */
  readonly MYSQL_USER_TABLE?: string
  /** What logs in, and the address. `id`. */
  readonly MYSQL_LOGIN_FIELD?: string
  /** The hash of the password. */
  readonly MYSQL_CRYPT_PWFIELD?: string
  /** The password itself. It counts where there is no hash. */
  readonly MYSQL_CLEAR_PWFIELD?: string
  /** A column, or a fixed value such as `5000` or `'/home/vmail'`; the same for the others below. */
  readonly MYSQL_UID_FIELD?: string
  readonly MYSQL_GID_FIELD?: string
  readonly MYSQL_HOME_FIELD?: string
  readonly MYSQL_MAILDIR_FIELD?: string
  readonly MYSQL_DEFAULTDELIVERY?: string
  /** The person's name. */
  readonly MYSQL_NAME_FIELD?: string
  /** Such as `10000000S`, or octets. */
  readonly MYSQL_QUOTA_FIELD?: string
  /** Account options such as `disableimap=1,disablepop3=1`. */
  readonly MYSQL_AUXOPTIONS_FIELD?: string
  /** For logins without a domain. */
  readonly DEFAULT_DOMAIN?: string
}

/** The tables of the classic how-tos, with the columns of Courier's sample `authmysqlrc`. */
export const postfixCourierTables: TableMapping = {
  domains: { table: 'domains', where: {}, name: 'domain', active: undefined },
  aliasDomains: undefined,
  transports: {
    table: 'transport',
    where: {},
    domain: 'domain',
    transport: 'transport',
    active: undefined,
    remote: ['smtp', 'smtps', 'relay', 'uucp', 'error', 'retry', 'discard'],
  },
  accounts: {
    table: 'users',
    where: {},
    address: 'id',
    id: undefined,
    login: undefined,
    password: 'crypt',
    clear: 'clear',
    name: 'name',
    quota: 'quota',
    quotaUnit: 1,
    options: undefined,
    active: undefined,
    protocols: {},
    attributes: { uid: 'uid', gid: 'gid', home: 'home', maildir: 'maildir' },
  },
  aliases: {
    table: 'forwardings',
    where: {},
    address: 'source',
    targets: 'destination',
    active: undefined,
  },
}

const attributeFields = {
  uid: 'MYSQL_UID_FIELD',
  gid: 'MYSQL_GID_FIELD',
  home: 'MYSQL_HOME_FIELD',
  maildir: 'MYSQL_MAILDIR_FIELD',
  defaultDelivery: 'MYSQL_DEFAULTDELIVERY',
} as const

// What authmysqlrc has too, and where it belongs here.
const elsewhere: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /^MYSQL_(SERVER|PORT|SOCKET|USERNAME|PASSWORD|DATABASE|OPT|CHARACTER_SET|SSL_\w+)$/,
    'is for the database plugin',
  ],
  [/^MYSQL_WHERE_CLAUSE$/, 'is SQL; write it as conditions in tables.accounts.where'],
  [/^MYSQL_(SELECT|ENUMERATE|CHPASS)_CLAUSE$/, 'is SQL; use `queries` in place of this preset'],
]

/** The table of accounts as an `authmysqlrc` describes it: it has only the columns that are named. */
export function readAuthmysqlrc(read: OptionReader): {
  accounts: AccountTable
  defaultDomain: string | undefined
} {
  for (const name of misplacedNames(read)) {
    read.value(name)
    read.fault(name, elsewhere.find(([pattern]) => pattern.test(name))?.[1] ?? '')
  }
  const field = (name: keyof Authmysqlrc): string | undefined => readField(read, name)
  const attributes: Record<string, AttributeSource> = {}
  for (const [attribute, name] of Object.entries(attributeFields)) {
    const source = readSource(read, name)
    if (source !== undefined) attributes[attribute] = source
  }
  return {
    accounts: {
      ...postfixCourierTables.accounts,
      table: field('MYSQL_USER_TABLE') ?? postfixCourierTables.accounts.table,
      address: field('MYSQL_LOGIN_FIELD') ?? 'id',
      password: field('MYSQL_CRYPT_PWFIELD'),
      clear: field('MYSQL_CLEAR_PWFIELD'),
      name: field('MYSQL_NAME_FIELD'),
      quota: field('MYSQL_QUOTA_FIELD'),
      options: field('MYSQL_AUXOPTIONS_FIELD'),
      attributes,
    },
    defaultDomain: readDomain(read),
  }
}

/** An empty text, in quotes too, means that there is none. */
function readField(read: OptionReader, name: keyof Authmysqlrc): string | undefined {
  const source = readSource(read, name)
  if (source === undefined || typeof source === 'string') return source
  if (source.text !== '') read.fault(name, 'must be the name of a column')
  return undefined
}

function readSource(read: OptionReader, name: keyof Authmysqlrc): AttributeSource | undefined {
  const given = read.value(name)
  if (given === undefined || given === '') return undefined
  const text = typeof given === 'number' ? String(given) : given
  if (typeof text === 'string') {
    const fixed = /^(?:'([^']*)'|"([^"]*)"|(\d+))$/.exec(text)
    if (fixed !== null) return { text: fixed[1] ?? fixed[2] ?? fixed[3] ?? '' }
    if (isColumnName(text)) return text
  }
  const advice = 'for more than that see tables.accounts.attributes'
  read.fault(name, 'must be the name of a column, or a fixed value in quotes', advice)
  return undefined
}

function readDomain(read: OptionReader): string | undefined {
  const text = read.value('DEFAULT_DOMAIN')
  if (text === undefined || text === '') return undefined
  const domain = typeof text === 'string' ? canonicalDomain(text) : undefined
  if (domain === undefined) read.fault('DEFAULT_DOMAIN', 'must be a domain')
  return domain
}

function misplacedNames(read: OptionReader): readonly string[] {
  const candidates = [
    'MYSQL_SERVER',
    'MYSQL_PORT',
    'MYSQL_SOCKET',
    'MYSQL_USERNAME',
    'MYSQL_PASSWORD',
    'MYSQL_DATABASE',
    'MYSQL_OPT',
    'MYSQL_CHARACTER_SET',
    'MYSQL_WHERE_CLAUSE',
    'MYSQL_SELECT_CLAUSE',
    'MYSQL_ENUMERATE_CLAUSE',
    'MYSQL_CHPASS_CLAUSE',
  ]
  return candidates.filter((name) => read.value(name) !== undefined)
}
