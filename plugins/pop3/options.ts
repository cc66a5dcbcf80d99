import { type ProxyInput, type ProxyOptions, readOptions, readProxyOptions } from 'mailwright'

/** The options of a POP3 listener. Durations are milliseconds, or texts such as `10m`. */
export interface Pop3Options {
  /** The IP address to listen on; `0.0.0.0` or `::` for all. Default `127.0.0.1`. */
  readonly host: string
  /** Default 110, or 995 with `implicitTls`. 0 lets the system choose one. */
  readonly port: number
  /** Who is believed in what a PROXY header says, and has to send one (HAProxy's PROXY protocol, 1 and 2); nobody where absent. */
  readonly proxy: ProxyOptions | undefined
  /** TLS from the first octet (RFC 8314 §3.2) instead of STLS. Default false. */
  readonly implicitTls: boolean
  /** Lets passwords be sent over connections without TLS. Default false. */
  readonly allowPlaintextLogin: boolean
  /** Connections at the same time; one more is told to try later. Default 1000. */
  readonly maxConnections: number
  /** Sessions of one account that have its maildrop or want it; one more is told to try later. Default 10. */
  readonly maxConnectionsPerUser: number
  /** Connections from one IP address. Default 100. */
  readonly maxConnectionsPerAddress: number
  /** Time that may pass without a command once someone has logged in; RFC 1939 §3 asks for 10 minutes. Default `10m`. */
  readonly idleTimeout: number
  /** Time from connecting to a successful login, TLS included. Default `3m`. */
  readonly loginTimeout: number
  /** Time a client may take to read what is buffered for it. Default `5m`. */
  readonly writeTimeout: number
  /** Malformed, unknown or misplaced commands in a session; the connection is then closed. Default 20. */
  readonly maxErrors: number
  /** Failed logins on a connection, each answered later than the one before; it is then closed. Default 5. */
  readonly maxLoginFailures: number
}

/** What a config may write: everything has a default. */
export type Pop3Input = {
  readonly [Name in Exclude<keyof Pop3Options, 'proxy'>]?: Pop3Options[Name] extends number
    ? number | string
    : Pop3Options[Name]
} & { readonly proxy?: ProxyInput }

/** Reads the options; throws ConfigError with all faults. */
export function parseOptions(input: unknown): Pop3Options {
  const read = readOptions(input)
  const implicitTls = read.boolean('implicitTls', { default: false })
  return read.done({
    host: read.host('host', { default: '127.0.0.1' }),
    port: read.port('port', { default: implicitTls ? 995 : 110 }),
    proxy: readProxyOptions(read),
    implicitTls,
    allowPlaintextLogin: read.boolean('allowPlaintextLogin', { default: false }),
    maxConnections: read.integer('maxConnections', { default: 1000, min: 1 }),
    maxConnectionsPerUser: read.integer('maxConnectionsPerUser', { default: 10, min: 1 }),
    maxConnectionsPerAddress: read.integer('maxConnectionsPerAddress', { default: 100, min: 1 }),
    // RFC 1939 §3: an autologout timer must be of at least 10 minutes' duration.
    idleTimeout: read.duration('idleTimeout', { default: '10m', min: 600_000, max: 86_400_000 }),
    loginTimeout: read.duration('loginTimeout', { default: '3m', min: 1_000, max: 86_400_000 }),
    writeTimeout: read.duration('writeTimeout', { default: '5m', min: 1_000, max: 86_400_000 }),
    maxErrors: read.integer('maxErrors', { default: 20, min: 1 }),
    maxLoginFailures: read.integer('maxLoginFailures', { default: 5, min: 1 }),
  })
}
