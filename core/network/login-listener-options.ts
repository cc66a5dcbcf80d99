import type { OptionReader } from '../options.ts'
import type { ClientListenerInput, ClientListenerOptions } from './client-listener.ts'
import { type ProxyOptions, readProxyOptions } from './proxied-endpoints.ts'

/** The options of a listener for clients that log in, with the limits and times of their sessions. Durations are milliseconds. */
export interface LoginListenerOptions extends ClientListenerOptions {
  /** The IP address to listen on; `0.0.0.0` or `::` for all. Default `127.0.0.1`. */
  readonly host: string
  /** The protocol's own, or the one that it has with `implicitTls`. 0 lets the system choose one. */
  readonly port: number
  /** Who is believed in what a PROXY header says, and has to send one (HAProxy's PROXY protocol, 1 and 2); nobody where absent. */
  readonly proxy: ProxyOptions | undefined
  /** TLS from the first octet (RFC 8314 §3.2) instead of a command that begins it. Default false. */
  readonly implicitTls: boolean
  /** Lets passwords be sent over connections without TLS. Default false. */
  readonly allowPlaintextLogin: boolean
  /** Connections at the same time; one more is told to try later. */
  readonly maxConnections: number
  /** Sessions of one account at the same time. */
  readonly maxConnectionsPerUser: number
  /** Connections from one address at the same time. */
  readonly maxConnectionsPerAddress: number
  /** Time that may pass without a command. */
  readonly idleTimeout: number
  /** Time from connecting to a successful login, TLS included. */
  readonly loginTimeout: number
  /** Time a client may take to read what is buffered for it. Default `5m`. */
  readonly writeTimeout: number
  /** Commands in a session that lead to nothing; the connection is then closed. Default 20. */
  readonly maxErrors: number
  /** Failed logins on a connection, each answered later than the one before; it is then closed. Default 5. */
  readonly maxLoginFailures: number
}

/** What a config may write of them: everything may be left out. Durations are milliseconds, or texts such as `10m`. */
export interface LoginListenerInput extends ClientListenerInput {
  readonly maxConnectionsPerUser?: number
  readonly maxConnectionsPerAddress?: number
  readonly idleTimeout?: number | string
  readonly loginTimeout?: number | string
  readonly writeTimeout?: number | string
  readonly maxErrors?: number
  readonly maxLoginFailures?: number
}

/** What is a protocol's own of these options. */
export interface LoginListenerDefaults {
  readonly port: number
  /** The port for `implicitTls`. */
  readonly tlsPort: number
  readonly maxConnections: number
  readonly maxConnectionsPerUser: number
  readonly maxConnectionsPerAddress: number
  /** The shortest time without a command after which the protocol lets a session be ended, and the default. */
  readonly idleTimeout: number
  readonly loginTimeout: number
}

/** Reads the options of a listener for clients that log in. */
export function readLoginListener(read: OptionReader, defaults: LoginListenerDefaults): LoginListenerOptions {
  const implicitTls = read.boolean('implicitTls', { default: false })
  const count = (name: string, usual: number) => read.integer(name, { default: usual, min: 1 })
  const time = (name: string, usual: number, min: number) =>
    read.duration(name, { default: usual, min, max: 86_400_000 })
  return {
    host: read.host('host', { default: '127.0.0.1' }),
    port: read.port('port', { default: implicitTls ? defaults.tlsPort : defaults.port }),
    proxy: readProxyOptions(read),
    implicitTls,
    allowPlaintextLogin: read.boolean('allowPlaintextLogin', { default: false }),
    maxConnections: count('maxConnections', defaults.maxConnections),
    maxConnectionsPerUser: count('maxConnectionsPerUser', defaults.maxConnectionsPerUser),
    maxConnectionsPerAddress: count('maxConnectionsPerAddress', defaults.maxConnectionsPerAddress),
    idleTimeout: time('idleTimeout', defaults.idleTimeout, defaults.idleTimeout),
    loginTimeout: time('loginTimeout', defaults.loginTimeout, 1_000),
    writeTimeout: time('writeTimeout', 300_000, 1_000),
    maxErrors: count('maxErrors', 20),
    maxLoginFailures: count('maxLoginFailures', 5),
  }
}
