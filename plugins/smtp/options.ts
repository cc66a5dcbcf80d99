import { type OptionReader, readOptions } from 'mailwright'
import { type ProxyInput, type ProxyOptions, readProxyOptions } from 'mailwright/network'
import { readTrustedPeers, type TrustedPeers } from './trusted-peers.ts'

/** How long a client may take in each phase, in milliseconds or as texts such as `5m`. */
export interface SmtpTimeouts {
  /** From our reply to the next complete command: 5 minutes (RFC 5321 §4.5.3.2.7). */
  readonly command: number
  /** Between two blocks of a message: 3 minutes (RFC 5321 §4.5.3.2.5). */
  readonly dataBlock: number
  /** For a whole message, however steadily it trickles: 1 hour. */
  readonly message: number
  /** For a whole session: 2 hours. It ends behind the message that is under way then. */
  readonly session: number
  /** For the TLS handshake: 1 minute. */
  readonly handshake: number
  /** For a session that is in the middle of a message when the server stops: 20 seconds. */
  readonly stop: number
}

/** The options of one SMTP listener. */
export interface SmtpOptions {
  /** `transfer` takes mail from other servers, `submission` from users who log in (RFC 6409), `lmtp` from an MTA of this site (RFC 2033). */
  readonly role: 'transfer' | 'submission' | 'lmtp'
  /** The IP address to listen on: 127.0.0.1. */
  readonly host: string
  /** 2525 for transfer, 2587 for submission, 2524 for lmtp; 0 lets the system choose. */
  readonly port: number
  /** Absolute path of a Unix socket to listen on instead of an address and port. */
  readonly path: string | undefined
  /** Permissions of the Unix socket, as octal digits in a config: `0600`. Who may write to it may send mail. */
  readonly mode: number
  /** Who is believed in what a PROXY header says, and has to send one (HAProxy's PROXY protocol, 1 and 2); nobody where absent. */
  readonly proxy: ProxyOptions | undefined
  /** Who may say with XCLIENT for which client it speaks, and is believed in all: nobody where empty. */
  readonly xclient: TrustedPeers
  /** Who may say with XFORWARD where its messages come from, for the history: nobody where empty. */
  readonly xforward: TrustedPeers
  /** TLS from the first octet (RFC 8314 §3.3): false. */
  readonly implicitTls: boolean
  /** STARTTLS: `none`, `offered` (where a certificates service is there), or `required` before any mail: `offered`. */
  readonly tls: 'none' | 'offered' | 'required'
  /** `ask`: clients are asked for certificates, which none has to have and no handshake fails for; `ignore` */
  readonly clientCertificates: 'ignore' | 'ask'
  /** Absolute path of a PEM file with the authorities that clients' certificates may come from; those that Node.js trusts where absent. */
  readonly clientCertificateAuthorities: string | undefined
  /** Whether AUTH is offered and MAIL needs it: true for submission, not possible for the others. */
  readonly auth: boolean
  /** Whether passwords may travel without TLS: false. */
  readonly allowPlaintextAuth: boolean
  /** Octets of the largest message (RFC 1870): 25M. */
  readonly maxSize: number
  /** Octets that are to be free where messages are spooled; below it, MAIL is answered with 452: one and a half `maxSize`. */
  readonly minFree: number
  /** Octets of the longest line of a message, CRLF included: 1M. RFC 5321 §4.5.3.1.6 promises 1,000; real mail has longer ones. */
  readonly maxLineLength: number
  /** Bare CR and LF in a message: `refuse` it, or `normalise` them to CRLF: `refuse`. */
  readonly lineEnds: 'refuse' | 'normalise'
  /** Whether Bcc and Resent-Bcc are taken out of messages (RFC 5322 §3.6.3): true for submission, not possible for the others. */
  readonly dropBcc: boolean
  /** Whether the `<` and `>` of an address in MAIL and RCPT may not be left out (RFC 5321 §4.1.1.2): false. */
  readonly strictPaths: boolean
  /** Recipients of one message: 1,000; at least 100 (RFC 5321 §4.5.3.1.8). */
  readonly maxRecipients: number
  /** Sessions at the same time: 1,000. */
  readonly maxConnections: number
  /** Refusals for good (5yz) in one session since its last accepted message, after which it is ended: 20. */
  readonly maxErrors: number
  /** Failed logins in one session, after which it is ended: 3. */
  readonly maxLoginFailures: number
  /** Commands that lead to nothing (NOOP, RSET, VRFY, HELP, HELO, EHLO) between two messages: 100. */
  readonly maxIdleCommands: number
  /** Transactions in one session: 10,000. */
  readonly maxTransactions: number
  /** Received fields above which a message is taken to be going round in circles (RFC 5321 §6.3): 50. */
  readonly maxHops: number
  /** BINARYMIME (RFC 3030 §3) is offered; binary parts are made base64: false. */
  readonly binaryMime: boolean
  /** DSN (RFC 3461) is offered; undefined: where the queue retries and something tells senders, but not to who speaks LMTP. */
  readonly dsn: boolean | undefined
  /** Whether the names of clients' addresses are looked up in DNS, for the Received field: true. */
  readonly lookupClientName: boolean
  /** Text behind the host name in the greeting: `ESMTP Mailwright`, or `LMTP Mailwright`. */
  readonly banner: string
  readonly timeouts: SmtpTimeouts
}

type Written =
  | 'mode'
  | 'proxy'
  | 'xclient'
  | 'xforward'
  | 'maxSize'
  | 'minFree'
  | 'maxLineLength'
  | 'dsn'
  | 'timeouts'

/** What a config may write: everything may be left out; durations and sizes may be texts such as `5m` and `25M`. */
export type SmtpInput = Partial<Omit<SmtpOptions, Written>> & {
  readonly mode?: string
  readonly proxy?: ProxyInput
  readonly xclient?: readonly string[]
  readonly xforward?: readonly string[]
  readonly maxSize?: number | string
  readonly minFree?: number | string
  readonly maxLineLength?: number | string
  readonly dsn?: boolean
  readonly timeouts?: { readonly [Phase in keyof SmtpTimeouts]?: number | string }
}

// RFC 5321 §4.2: printable ASCII, short enough for the greeting's line.
const bannerForm = /^[\x20-\x7e]{1,200}$/

const modeForm = /^0?[0-7]{3}$/
// A socket's path has room for 104 octets on some systems, and is longer while the socket is made.
const maxPath = 90

const defaultPorts = { transfer: 2525, submission: 2587, lmtp: 2524 } as const

/** Reads and checks the options. Throws ConfigError with all faults. */
export function parseOptions(input: unknown): SmtpOptions {
  const read = readOptions(input)
  const role = read.choice('role', ['transfer', 'submission', 'lmtp'], { default: 'transfer' })
  const options: SmtpOptions = {
    role,
    ...readPlace(read, role),
    xclient: readTrustedPeers(read, 'xclient'),
    xforward: readTrustedPeers(read, 'xforward'),
    proxy: readProxyOptions(read, read.value('path') !== undefined),
    implicitTls: read.boolean('implicitTls', { default: false }),
    tls: read.choice('tls', ['none', 'offered', 'required'], { default: 'offered' }),
    clientCertificates: read.choice('clientCertificates', ['ignore', 'ask'], { default: 'ignore' }),
    clientCertificateAuthorities: read.absolutePath('clientCertificateAuthorities'),
    auth: read.boolean('auth', { default: role === 'submission' }),
    allowPlaintextAuth: read.boolean('allowPlaintextAuth', { default: false }),
    ...readLimits(read),
    lineEnds: read.choice('lineEnds', ['refuse', 'normalise'], { default: 'refuse' }),
    dropBcc: read.boolean('dropBcc', { default: role === 'submission' }),
    strictPaths: read.boolean('strictPaths', { default: false }),
    binaryMime: read.boolean('binaryMime', { default: false }),
    dsn: read.value('dsn') === undefined ? undefined : read.boolean('dsn'),
    lookupClientName: read.boolean('lookupClientName', { default: true }),
    banner: read.string('banner', {
      default: role === 'lmtp' ? 'LMTP Mailwright' : 'ESMTP Mailwright',
      pattern: bannerForm,
      expected: 'up to 200 printable ASCII characters',
    }),
    timeouts: readTimeouts(read),
  }
  checkTogether(read, options)
  return read.done(options)
}

function readPlace(
  read: OptionReader,
  role: SmtpOptions['role'],
): Pick<SmtpOptions, 'host' | 'port' | 'path' | 'mode'> {
  const path = read.absolutePath('path')
  const given = (name: string) => read.value(name) !== undefined
  if (path !== undefined && Buffer.byteLength(path) > maxPath)
    read.fault('path', `must be of at most ${maxPath} octets, as a Unix socket's path`)
  if (path !== undefined && (given('host') || given('port')))
    read.fault('path', 'stands instead of host and port, not beside them')
  if (path === undefined && given('mode')) read.fault('mode', 'is for a Unix socket: there is no path')
  const mode = read.string('mode', {
    default: '0600',
    pattern: modeForm,
    expected: 'octal digits such as "0660"',
  })
  return {
    host: read.host('host', { default: '127.0.0.1' }),
    port: read.port('port', { default: defaultPorts[role] }),
    path,
    mode: Number.parseInt(mode, 8),
  }
}

function checkTogether(read: OptionReader, options: SmtpOptions): void {
  const { role } = options
  if (options.auth && role !== 'submission')
    read.fault(
      'auth',
      `is for submission: ${role === 'lmtp' ? 'an LMTP' : 'a transfer'} listener has no users`,
    )
  if (options.dropBcc && role !== 'submission')
    read.fault('dropBcc', 'is for submission: what comes from other servers is not changed')
  if (options.implicitTls && options.tls === 'none') read.fault('tls', 'cannot be "none" with implicitTls')
  if (options.auth && options.tls === 'none' && !options.allowPlaintextAuth) {
    read.fault('tls', 'cannot be "none" where users log in, but for allowPlaintextAuth: true')
  }
  if (options.clientCertificates === 'ask' && options.tls === 'none')
    read.fault('clientCertificates', 'cannot be "ask" where there is no TLS')
  if (options.clientCertificates === 'ignore' && options.clientCertificateAuthorities !== undefined)
    read.fault('clientCertificateAuthorities', 'is for clientCertificates: "ask"')
}

type Limits = Pick<
  SmtpOptions,
  | 'maxSize'
  | 'minFree'
  | 'maxLineLength'
  | 'maxRecipients'
  | 'maxConnections'
  | 'maxErrors'
  | 'maxLoginFailures'
  | 'maxIdleCommands'
  | 'maxTransactions'
  | 'maxHops'
>

function readLimits(read: OptionReader): Limits {
  // RFC 5321 §4.5.3.1.7: at least 64K octets of message.
  const maxSize = read.size('maxSize', { default: '25M', min: 65_536 })
  return {
    maxSize,
    minFree: read.size('minFree', { default: Math.ceil(1.5 * maxSize) }),
    maxLineLength: read.size('maxLineLength', { default: '1M', min: 1000 }),
    // RFC 5321 §4.5.3.1.8: at least 100 recipients.
    maxRecipients: read.integer('maxRecipients', { default: 1000, min: 100 }),
    maxConnections: read.integer('maxConnections', { default: 1000, min: 1 }),
    maxErrors: read.integer('maxErrors', { default: 20, min: 1 }),
    maxLoginFailures: read.integer('maxLoginFailures', { default: 3, min: 1 }),
    maxIdleCommands: read.integer('maxIdleCommands', { default: 100, min: 10 }),
    maxTransactions: read.integer('maxTransactions', { default: 10_000, min: 1 }),
    maxHops: read.integer('maxHops', { default: 50, min: 10 }),
  }
}

const defaultTimeouts = {
  command: '5m',
  dataBlock: '3m',
  message: '1h',
  session: '2h',
  handshake: '1m',
  stop: '20s',
} as const

function readTimeouts(read: OptionReader): SmtpTimeouts {
  const given = read.object('timeouts', readPhases)
  return given ?? readPhases(readOptions({}))
}

function readPhases(read: OptionReader): SmtpTimeouts {
  const phase = (name: keyof SmtpTimeouts) =>
    read.duration(name, { default: defaultTimeouts[name], min: name === 'stop' ? 0 : 1 })
  return {
    command: phase('command'),
    dataBlock: phase('dataBlock'),
    message: phase('message'),
    session: phase('session'),
    handshake: phase('handshake'),
    stop: phase('stop'),
  }
}
