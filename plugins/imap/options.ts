import { type ProxyInput, type ProxyOptions, readOptions, readProxyOptions } from 'mailwright'

/** The options of an IMAP listener. Durations are milliseconds, or texts such as `30m`; sizes octets, or texts such as `64M`. */
export interface ImapOptions {
  /** The IP address to listen on; `0.0.0.0` or `::` for all. Default `127.0.0.1`. */
  readonly host: string
  /** Default 143, or 993 with `implicitTls`. 0 lets the system choose one. */
  readonly port: number
  /** Who is believed in what a PROXY header says, and has to send one (HAProxy's PROXY protocol, 1 and 2); nobody where absent. */
  readonly proxy: ProxyOptions | undefined
  /** TLS from the first octet (RFC 8314 §3.2) instead of STARTTLS. Default false. */
  readonly implicitTls: boolean
  /** Lets passwords be sent over connections without TLS. Default false: LOGINDISABLED is said. */
  readonly allowPlaintextLogin: boolean
  /** Connections at the same time; one more is told to try later. Default 10,000. */
  readonly maxConnections: number
  /** Sessions of one account at the same time. Default 100. */
  readonly maxConnectionsPerUser: number
  /** Connections from one address at the same time. Default 1,000. */
  readonly maxConnectionsPerAddress: number
  /** Time that may pass without a command, and in IDLE; RFC 9051 §5.4 asks for 30 minutes. Default `30m`. */
  readonly idleTimeout: number
  /** Time from connecting to a successful login, TLS included. Default `1m`. */
  readonly loginTimeout: number
  /** Time a client may take to read what is buffered for it. Default `5m`. */
  readonly writeTimeout: number
  /** Octets of a message that APPEND takes. Default 64 MiB. */
  readonly maxMessageSize: number
  /** Octets of one command with all its literals, but for messages. Default 64 KiB. */
  readonly maxCommandSize: number
  /** Messages that one command works on (RFC 9738); 0 is no limit. Default 0. */
  readonly maxMessagesPerCommand: number
  /**
   * Messages that one COPY or APPEND takes, where `maxMessagesPerCommand` sets no limit for all commands (RFC 9738); 0 is no
   * limit. Default 0.
   */
  readonly maxMessagesPerSave: number
  /**
   * Takes messages with 8-bit octets in their header also from clients that have not enabled UTF-8. RFC 6855 §4 wants them
   * refused; but then clients that synchronise a mailbox could not store the mail that they have. Default true.
   */
  readonly acceptRawHeaders: boolean
  /**
   * Lets clients log out and another account log in on the same connection: UNAUTHENTICATE. RFC 8437 §8 wants it to be possible
   * to say no, for proxies that look at the first login only. Default true.
   */
  readonly unauthenticate: boolean
  /** Octets of memory for what lists, searches and sorting want of messages, for all sessions together. Default 256 MiB. */
  readonly cacheSize: number
  /** Commands in a session that cannot be understood; the connection is then closed. Default 20. */
  readonly maxErrors: number
  /** Failed logins on a connection, each answered later than the one before; it is then closed. Default 5. */
  readonly maxLoginFailures: number
}

/** What a config may write: everything has a default. */
export type ImapInput = {
  readonly [Name in Exclude<keyof ImapOptions, 'proxy'>]?: ImapOptions[Name] extends number
    ? number | string
    : ImapOptions[Name]
} & { readonly proxy?: ProxyInput }

/** Reads the options; throws ConfigError with all faults. */
export function parseOptions(input: unknown): ImapOptions {
  const read = readOptions(input)
  const implicitTls = read.boolean('implicitTls', { default: false })
  return read.done({
    host: read.host('host', { default: '127.0.0.1' }),
    port: read.port('port', { default: implicitTls ? 993 : 143 }),
    proxy: readProxyOptions(read),
    implicitTls,
    allowPlaintextLogin: read.boolean('allowPlaintextLogin', { default: false }),
    maxConnections: read.integer('maxConnections', { default: 10_000, min: 1 }),
    maxConnectionsPerUser: read.integer('maxConnectionsPerUser', { default: 100, min: 1 }),
    maxConnectionsPerAddress: read.integer('maxConnectionsPerAddress', { default: 1_000, min: 1 }),
    // RFC 9051 §5.4: an autologout timer must be of at least 30 minutes' duration.
    idleTimeout: read.duration('idleTimeout', { default: '30m', min: 1_800_000, max: 86_400_000 }),
    loginTimeout: read.duration('loginTimeout', { default: '1m', min: 1_000, max: 86_400_000 }),
    writeTimeout: read.duration('writeTimeout', { default: '5m', min: 1_000, max: 86_400_000 }),
    maxMessageSize: read.size('maxMessageSize', { default: '64M', min: 1_024 }),
    maxCommandSize: read.size('maxCommandSize', { default: '64K', min: 8_192, max: 16_777_216 }),
    maxMessagesPerCommand: read.integer('maxMessagesPerCommand', { default: 0, min: 0 }),
    maxMessagesPerSave: read.integer('maxMessagesPerSave', { default: 0, min: 0 }),
    acceptRawHeaders: read.boolean('acceptRawHeaders', { default: true }),
    unauthenticate: read.boolean('unauthenticate', { default: true }),
    cacheSize: read.size('cacheSize', { default: '256M', min: 1_048_576 }),
    maxErrors: read.integer('maxErrors', { default: 20, min: 1 }),
    maxLoginFailures: read.integer('maxLoginFailures', { default: 5, min: 1 }),
  })
}
