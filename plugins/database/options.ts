import { isIP } from 'node:net'
import { type OptionReader, readOptions } from 'mailwright'

/** Where the tables are. */
export type DatabaseOptions = SqliteOptions | MysqlOptions

/** What a config may write. */
export type DatabaseInput = SqliteInput | MysqlInput

/** `auto` changes the tables at the start, `manual` refuses to start until `mailwright database migrate` was run. */
export type MigrateOption = 'auto' | 'manual'

export interface SqliteOptions {
  readonly client: 'sqlite'
  /** A relative path starts in `dataDir`. */
  readonly file: string
  /** Whether it is made, readable by its owner only, where there has been none. */
  readonly create: boolean
  /** Milliseconds to wait for a database that another process is writing to. */
  readonly busyTimeout: number
  readonly migrate: MigrateOption
}

export interface SqliteInput {
  /** `sqlite`. */
  readonly client?: 'sqlite'
  /** The SQLite file. `mailwright.db`. */
  readonly file?: string
  /** `true`. */
  readonly create?: boolean
  /** Milliseconds, or a text. `5s`. */
  readonly busyTimeout?: number | string
  /** `auto`. */
  readonly migrate?: MigrateOption
}

/** A server by its address or by its Unix socket. */
export type MysqlHost = { readonly host: string; readonly port: number } | { readonly socketPath: string }

/** Where the password comes from. A file or variable is read for each new connection. */
export type PasswordSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly name: string }

export interface MysqlOptions {
  readonly client: 'mysql'
  /** At least one; the first that can be written to is used. */
  readonly hosts: readonly MysqlHost[]
  readonly user: string
  readonly password: PasswordSource | undefined
  readonly database: string
  readonly tls: TlsOptions | undefined
  readonly pool: { readonly min: number; readonly max: number }
  /** Milliseconds for one host, from the first packet to a session that is ready. */
  readonly connectTimeout: number
  /** Milliseconds for one statement. */
  readonly queryTimeout: number
  readonly migrate: MigrateOption
}

/** TLS to the servers. Files are in PEM form, with absolute paths. */
export interface TlsOptions {
  /** The authorities that are trusted; those of Node.js where absent. */
  readonly ca: string | undefined
  /** This client's certificate, with `key`. */
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Whether the server's certificate must be trusted and carry the server's name. */
  readonly verify: boolean
  /** The name in the servers' certificates; each server's `host` where absent. */
  readonly serverName: string | undefined
}

export interface MysqlInput {
  readonly client: 'mysql'
  /** Servers with the same contents, the preferred one first. */
  readonly hosts: readonly {
    readonly host?: string
    /** `3306`. */
    readonly port?: number
    /** An absolute path, in place of `host` and `port`. */
    readonly socketPath?: string
  }[]
  readonly user: string
  /** One of the three, or none for a user without a password. */
  readonly password?: string
  /** An absolute path; the last line break does not count. */
  readonly passwordFile?: string
  /** The name of a variable of the environment. */
  readonly passwordEnv?: string
  /** The database's name. It must exist. */
  readonly database: string
  /** `false`. */
  readonly tls?:
    | false
    | {
        readonly ca?: string
        readonly cert?: string
        readonly key?: string
        /** `true`. */
        readonly verify?: boolean
        readonly serverName?: string
      }
  readonly pool?: {
    /** Connections kept while nobody needs them. `0`. */
    readonly min?: number
    /** `10`. */
    readonly max?: number
  }
  /** `3s`. */
  readonly connectTimeout?: number | string
  /** `8s`. */
  readonly queryTimeout?: number | string
  /** `auto`. */
  readonly migrate?: MigrateOption
}

export function parseOptions(input: unknown): DatabaseOptions {
  const read = readOptions(input)
  const client = read.choice('client', ['sqlite', 'mysql'], { default: 'sqlite' })
  return read.done<DatabaseOptions>(client === 'mysql' ? readMysql(read) : readSqlite(read))
}

function readSqlite(read: OptionReader): SqliteOptions {
  const file = read.string('file', { default: 'mailwright.db' })
  // SQLite takes these for something else than a file that lasts.
  if (/^file:|^:memory:|\0/.test(file)) read.fault('file', 'must be the path of a file')
  return {
    client: 'sqlite',
    file,
    create: read.boolean('create', { default: true }),
    busyTimeout: read.duration('busyTimeout', { default: '5s', min: 0, max: 600_000 }),
    migrate: readMigrate(read),
  }
}

function readMysql(read: OptionReader): MysqlOptions {
  const hosts = read.list('hosts', readHost)
  const given = read.value('hosts')
  if (given === undefined)
    read.fault('hosts', 'is missing; it must be a list such as [{ host: "127.0.0.1" }]')
  else if (Array.isArray(given) && given.length === 0) read.fault('hosts', 'must have at least one server')
  const tls = read.value('tls') === false ? undefined : read.object('tls', readTls)
  checkNames(read, hosts, tls)
  return {
    client: 'mysql',
    hosts,
    user: read.string('user'),
    password: readPasswordSource(read),
    database: read.string('database'),
    tls,
    pool: read.object('pool', readPool) ?? { min: 0, max: 10 },
    connectTimeout: read.duration('connectTimeout', { default: '3s', min: 100, max: 60_000 }),
    queryTimeout: read.duration('queryTimeout', { default: '8s', min: 100, max: 3_600_000 }),
    migrate: readMigrate(read),
  }
}

function readMigrate(read: OptionReader): MigrateOption {
  return read.choice('migrate', ['auto', 'manual'], { default: 'auto' })
}

function readHost(read: OptionReader): MysqlHost {
  const socketPath = read.absolutePath('socketPath')
  const [host, port] = [read.value('host'), read.value('port')]
  if (read.value('socketPath') === undefined) {
    return { host: read.string('host'), port: read.integer('port', { default: 3306, min: 1, max: 65_535 }) }
  }
  if (host !== undefined || port !== undefined)
    read.fault('socketPath', 'stands in place of host and port; give one or the other')
  return { socketPath: socketPath ?? '' }
}

/** The value is never told, not even a wrong one. */
function readPasswordSource(read: OptionReader): PasswordSource | undefined {
  const text = read.value('password')
  const path = read.absolutePath('passwordFile')
  const name = read.optionalString('passwordEnv')
  const given = ['password', 'passwordFile', 'passwordEnv'].filter((each) => read.value(each) !== undefined)
  if (given.length > 1) read.fault(given[1] ?? '', `cannot be given together with ${given[0]}`)
  if (text !== undefined && (typeof text !== 'string' || text === ''))
    read.fault('password', 'must be a text')
  if (typeof text === 'string') return { kind: 'text', text }
  if (path !== undefined) return { kind: 'file', path }
  return name === undefined ? undefined : { kind: 'environment', name }
}

function readTls(read: OptionReader): TlsOptions {
  const tls = {
    ca: read.absolutePath('ca'),
    cert: read.absolutePath('cert'),
    key: read.absolutePath('key'),
    verify: read.boolean('verify', { default: true }),
    serverName: read.optionalString('serverName'),
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) read.fault('cert', 'and key belong together')
  if (tls.serverName !== undefined && isIP(tls.serverName) !== 0)
    read.fault('serverName', 'must be a name, not an IP address')
  return tls
}

/** The driver compares certificates with names only: an address would go unchecked, or fail whatever it says. */
function checkNames(read: OptionReader, hosts: readonly MysqlHost[], tls: TlsOptions | undefined): void {
  if (tls === undefined || !tls.verify || tls.serverName !== undefined) return
  const nameless = hosts.some((each) => !('host' in each) || isIP(each.host) !== 0)
  if (nameless) {
    const problem = 'is needed to verify a server that is given by an IP address or a socket'
    read.fault('tls.serverName', problem, 'or say verify: false')
  }
}

function readPool(read: OptionReader): MysqlOptions['pool'] {
  const max = read.integer('max', { default: 10, min: 1, max: 1000 })
  return { min: read.integer('min', { default: 0, min: 0, max }), max }
}
