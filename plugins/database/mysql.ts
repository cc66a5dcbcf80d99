import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect as connectTcp, type Socket } from 'node:net'
import knexPackage, { type Knex } from 'knex'
import { type Clock, type Log, MailwrightError } from 'mailwright'
import type { Connection, ConnectionOptions, SslOptions } from 'mysql2'
import { withinTime } from './deadline.ts'
import type { Dialect } from './dialect.ts'
import { Hosts, type Opened } from './hosts.ts'
import { createMysqlClient, cut } from './mysql-client.ts'
import { connectSession, type Driver, driverOptions } from './mysql-connection.ts'
import type { MysqlHost, MysqlOptions, TlsOptions } from './options.ts'
import { readPassword } from './password.ts'
import { quiet } from './quiet.ts'

export interface MysqlSettings
  extends Pick<
    MysqlOptions,
    'hosts' | 'user' | 'password' | 'database' | 'tls' | 'pool' | 'connectTimeout' | 'queryTimeout'
  > {
  /** Milliseconds to wait for what others have locked; half of `queryTimeout` where absent. */
  readonly lockTimeout?: number
  readonly clock: Clock
  readonly log: Log
}

// What waits is a session of a client with little more than its address: a thousand are some megabytes.
const MAX_WAITING = 1000

// Unused connections are closed after so long: before a firewall between forgets them.
const IDLE_MILLISECONDS = 30_000

// A pool that lives for months follows changes of names, passwords and servers.
const LIFETIME_MILLISECONDS = 15 * 60_000

/** MySQL or MariaDB, with a pool of connections. */
export function mysql(settings: MysqlSettings): Dialect {
  const { hosts, user, database, connectTimeout, queryTimeout, pool, log, clock } = settings
  let ssl: SslOptions | undefined
  return {
    name: 'mysql',
    location: `${user}@${hosts.map(nameOf).join(',')}/${database}`,
    isRemote: true,
    async check() {
      // Whoever runs `mailwright check` has another environment than the server.
      if (settings.password?.kind === 'file') await readPassword(settings.password)
      await readTls(settings.tls)
    },
    async prepare() {
      // Read again for each connection; here so that the start tells what is missing.
      await readPassword(settings.password)
      ssl = await readTls(settings.tls)
    },
    connect(): Knex {
      const servers = new Hosts({ hosts, nameOf, open: opener(settings, ssl), close: cut, clock, log })
      return knexPackage({
        client: createMysqlClient({ clock, queryTimeout, maxWaiting: MAX_WAITING, hosts: servers }),
        // Knex wants one to make its pool; what is in it comes from `hosts`.
        connection: {},
        pool: {
          ...pool,
          idleTimeoutMillis: IDLE_MILLISECONDS,
          createTimeoutMillis: connectTimeout * hosts.length + 1000,
          maxConnectionLifetimeMillis: LIFETIME_MILLISECONDS,
          maxConnectionLifetimeJitterMillis: LIFETIME_MILLISECONDS / 2,
        } as Knex.PoolConfig,
        acquireConnectionTimeout: connectTimeout * hosts.length + 1000,
        compileSqlOnError: false,
        log: quiet(log),
      })
    },
  }
}

/** How a connection to one of the servers is made, from the first packet to a session that is ready. */
function opener(
  settings: MysqlSettings,
  ssl: SslOptions | undefined,
): (host: MysqlHost) => Promise<Opened<Connection>> {
  const { user, database, clock, connectTimeout, queryTimeout, lockTimeout = queryTimeout / 2 } = settings
  // Loaded only where it is used.
  const driver = createRequire(import.meta.url)('mysql2') as Driver
  return async (host) => {
    const password = await readPassword(settings.password)
    const connection = driver.createConnection({
      ...driverOptions,
      ...placeOf(host, settings.tls),
      user,
      database,
      ...(password === undefined ? {} : { password }),
      ...(ssl === undefined ? {} : { ssl }),
    })
    // Told by whoever uses the connection; without a listener it would end the process.
    connection.on('error', () => undefined)
    try {
      return await withinTime(clock, connectTimeout, {
        work: connectSession(connection, { statementTimeout: queryTimeout, lockTimeout }),
        giveUp: () => cut(connection),
        what: `a connection to ${nameOf(host)}`,
      })
    } catch (error) {
      cut(connection)
      throw error
    }
  }
}

/** Where the driver connects to. For another name in the certificate it gets that, and a socket that is on its way. */
function placeOf(host: MysqlHost, tls: TlsOptions | undefined): ConnectionOptions {
  if (tls?.serverName === undefined) return { ...host }
  const stream = (): Socket => {
    const socket = 'host' in host ? connectTcp(host.port, host.host) : connectTcp(host.socketPath)
    return socket.setNoDelay(true).setKeepAlive(true, driverOptions.keepAliveInitialDelay)
  }
  return { host: tls.serverName, stream }
}

function nameOf(host: MysqlHost): string {
  return 'host' in host ? `${host.host}:${host.port}` : host.socketPath
}

async function readTls(tls: TlsOptions | undefined): Promise<SslOptions | undefined> {
  if (tls === undefined) return undefined
  const files: SslOptions = {}
  for (const name of ['ca', 'cert', 'key'] as const) {
    const path = tls[name]
    if (path === undefined) continue
    files[name] = await readFile(path).catch((cause) => {
      throw new MailwrightError('MAIL_E_START', `the file ${path} (tls.${name}) cannot be read`, { cause })
    })
  }
  return { ...files, rejectUnauthorized: tls.verify, verifyIdentity: tls.verify }
}
