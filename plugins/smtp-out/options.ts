import { isIP } from 'node:net'
import {
  type AddressPatterns,
  canonicalDomain,
  type OptionReader,
  parseAddress,
  readByDomain,
  readOptions,
} from 'mailwright'
import { type Limit, type LimitInput, readLimit } from './pace/limit-option.ts'
import {
  type Relay,
  type RelayInput,
  type RelayRule,
  type RelayRuleInput,
  readPatterns,
  readRelay,
  readRelayRule,
} from './routing/relay-option.ts'
import {
  type OwnCertificate,
  type OwnCertificateInput,
  readOwnCertificate,
} from './security/own-certificate.ts'
import {
  readTlsRule,
  type TlsLevel,
  type TlsRuleInput,
  type TlsRules,
  tlsLevels,
} from './security/tls-rule.ts'

/** Which kinds of IP address are used, and which first. */
export type AddressFamily = 'any' | 'prefer-ipv4' | 'prefer-ipv6' | 'ipv4' | 'ipv6'

/** How long each step may take: milliseconds, or a text such as `5m` (RFC 5321 §4.5.3.2). */
export interface TimeoutsInput {
  /** Connecting. `30s` */
  readonly connect?: number | string
  /** The greeting. `5m` */
  readonly greeting?: number | string
  /** EHLO, STARTTLS, AUTH, RSET: each answer, and the handshake of TLS. `5m` */
  readonly hello?: number | string
  /** The answer to MAIL. `5m` */
  readonly mail?: number | string
  /** Each answer to RCPT. `5m` */
  readonly recipient?: number | string
  /** The answer to DATA. `2m` */
  readonly data?: number | string
  /** Each piece of the message, until it is taken. `3m` */
  readonly block?: number | string
  /** The answer to the whole message. `10m` */
  readonly message?: number | string
  /** All that is done for some messages at once, with all hosts that are tried. What has not come to an end is deferred. `1h` */
  readonly delivery?: number | string
}

/** The same in milliseconds. */
export type Timeouts = Readonly<Record<keyof TimeoutsInput, number>>

/** Connections, and how they are used again. */
export interface ConnectionsInput {
  /** To one host at a time; who comes above that waits. 20 */
  readonly perHost?: number
  /** To all hosts at a time; who comes above that waits, also for hosts that do not answer. 3500, as many as a queue has deliveries */
  readonly total?: number
  /** How long one is kept for the next message; 0: not at all. `5s` */
  readonly idleTime?: number | string
  /** Messages through one connection. 100 */
  readonly maxMessages?: number
  /** How long a connection is given new messages. `5m` */
  readonly maxAge?: number | string
}

export interface Connections {
  readonly perHost: number
  readonly total: number
  readonly idleTime: number
  readonly maxMessages: number
  readonly maxAge: number
}

/** How we appear to other hosts. */
export interface IdentityInput {
  /** What we call ourselves in EHLO. The config's `hostname`. */
  readonly hostname?: string
  /** The IP address that connections come from, of either kind. The system chooses where absent. */
  readonly ipv4?: string
  readonly ipv6?: string
}

/** The same for some senders. */
export interface SenderIdentityInput extends IdentityInput {
  /** Reverse-paths: addresses, `jo@`, `@example.org`, `.example.org`, `<>`. */
  readonly from: readonly string[]
}

/** How we appear. */
export interface Identity {
  readonly hostname: string | undefined
  readonly ipv4: string | undefined
  readonly ipv6: string | undefined
}

/** What a config may say. */
export interface SmtpOutInput extends IdentityInput {
  /** The host that all mail goes to (a smart host); the MX of each domain where absent. */
  readonly relay?: RelayInput
  /** Relay hosts for some mail, asked before `relay`; the first that fits counts. */
  readonly relays?: readonly RelayRuleInput[]
  /** Relay hosts for what a destination's own hosts do not take now, the first one first. None. */
  readonly fallbackRelays?: readonly RelayInput[]
  /** What is demanded of TLS where nothing else is said: `none`, `may`, `encrypt`, `verify`. `may` */
  readonly tls?: TlsLevel
  /** The same by domain of the recipient: `example.org`, `.example.org` for those below, relay hosts by their name. */
  readonly tlsFor?: Readonly<Record<string, TlsRuleInput>>
  /** Certificates that we show to hosts, by domain of the recipient or by relay host, as `tlsFor`. None. */
  readonly clientCertificates?: Readonly<Record<string, OwnCertificateInput>>
  /** Absolute path of a PEM file of authorities that are trusted beside the well-known ones and the system's. */
  readonly authorities?: string
  /** Obeys TLSA records (RFC 7672), where the resolver knows which answers are secure. True. */
  readonly dane?: boolean
  /** Obeys MTA-STS policies (RFC 8461). True. */
  readonly mtaSts?: boolean
  /** Counts how securely mail goes out, for `mailwright tls-report` (RFC 8460); where there is a database. True. */
  readonly tlsReports?: boolean
  /** Sends these reports every day to the domains that want them. They have to be signed with DKIM. False. */
  readonly sendTlsReports?: boolean
  /** Who sends, in these reports. The config's `hostname` */
  readonly organization?: string
  /** The address in these reports that questions go to. `postmaster` of the config's `hostname` */
  readonly contact?: string
  /** How we appear to other hosts for some senders; the first that fits counts. */
  readonly identities?: readonly SenderIdentityInput[]
  /** Which kinds of IP address are used: `any`, `prefer-ipv4`, `prefer-ipv6`, `ipv4`, `ipv6`. `any` */
  readonly addresses?: AddressFamily
  /** IP addresses of this server that its own interfaces do not have: of a NAT or a proxy in front of it. None. */
  readonly publicAddresses?: readonly string[]
  /** The port of hosts that MX records name. 25 */
  readonly port?: number
  /** IP addresses that are tried for one message before it is deferred. 5 */
  readonly maxAddresses?: number
  /** Hosts that may greet us and then refuse, for one message, before it is deferred. 2 */
  readonly maxSessions?: number
  /** Recipients of one transaction. 50 */
  readonly maxRecipients?: number
  /** Recipients that a host defers are offered to the next MX at once; greylisting then asks at each of them. False. */
  readonly nextHostForRecipients?: boolean
  /** Gives messages by BDAT to hosts that offer CHUNKING (RFC 3030). False; a message of BINARYMIME goes by it where it can go at all. */
  readonly chunking?: boolean
  readonly connections?: ConnectionsInput
  /** How fast some hosts are given mail; the first that fits counts. */
  readonly limits?: readonly LimitInput[]
  readonly timeouts?: TimeoutsInput
}

/** The same, checked. */
export interface SmtpOutOptions extends Identity {
  readonly relay: Relay | undefined
  readonly relays: readonly RelayRule[]
  readonly fallbackRelays: readonly Relay[]
  readonly tls: TlsLevel
  readonly tlsFor: TlsRules
  readonly clientCertificates: ReadonlyMap<string, OwnCertificate>
  readonly authorities: string | undefined
  readonly dane: boolean
  readonly mtaSts: boolean
  readonly tlsReports: boolean
  readonly sendTlsReports: boolean
  /** Undefined: the config's `hostname`. */
  readonly organization: string | undefined
  /** Undefined: the postmaster's. */
  readonly contact: string | undefined
  readonly identities: readonly (Identity & { readonly from: AddressPatterns | undefined })[]
  readonly addresses: AddressFamily
  readonly publicAddresses: readonly string[]
  readonly port: number
  readonly maxAddresses: number
  readonly maxSessions: number
  readonly maxRecipients: number
  readonly nextHostForRecipients: boolean
  readonly chunking: boolean
  readonly connections: Connections
  readonly limits: readonly Limit[]
  readonly timeouts: Timeouts
}

export function parseOptions(input: unknown): SmtpOutOptions {
  const read = readOptions(input)
  return read.done({
    ...readIdentity(read),
    relay: read.object('relay', readRelay),
    relays: read.list('relays', readRelayRule),
    fallbackRelays: read.list('fallbackRelays', readRelay),
    tls: read.choice('tls', tlsLevels, { default: 'may' }),
    tlsFor: readByDomain(read, 'tlsFor', readTlsRule),
    clientCertificates: readByDomain(read, 'clientCertificates', readOwnCertificate),
    authorities: read.absolutePath('authorities'),
    dane: read.boolean('dane', { default: true }),
    mtaSts: read.boolean('mtaSts', { default: true }),
    tlsReports: read.boolean('tlsReports', { default: true }),
    sendTlsReports: readSendTlsReports(read),
    organization: read.optionalString('organization'),
    contact: readContact(read),
    identities: read.list('identities', (reader) => ({
      ...readIdentity(reader),
      from: readSenders(reader),
    })),
    addresses: read.choice('addresses', ['any', 'prefer-ipv4', 'prefer-ipv6', 'ipv4', 'ipv6'], {
      default: 'any',
    }),
    publicAddresses: readAddresses(read, 'publicAddresses'),
    port: read.integer('port', { default: 25, min: 1, max: 65_535 }),
    maxAddresses: read.integer('maxAddresses', { default: 5, min: 1, max: 100 }),
    maxSessions: read.integer('maxSessions', { default: 2, min: 1, max: 100 }),
    maxRecipients: read.integer('maxRecipients', { default: 50, min: 1, max: 1_000 }),
    nextHostForRecipients: read.boolean('nextHostForRecipients', { default: false }),
    chunking: read.boolean('chunking', { default: false }),
    connections: read.object('connections', readConnections) ?? readConnections(readOptions({})),
    limits: read.list('limits', readLimit),
    timeouts: read.object('timeouts', readTimeouts) ?? readTimeouts(readOptions({})),
  })
}

function readSendTlsReports(read: OptionReader): boolean {
  const isSent = read.boolean('sendTlsReports', { default: false })
  if (isSent && read.value('tlsReports') === false) read.fault('sendTlsReports', 'needs `tlsReports`')
  return isSent
}

function readContact(read: OptionReader): string | undefined {
  const text = read.optionalString('contact')
  if (text !== undefined && parseAddress(text) === undefined) read.fault('contact', 'must be a mail address')
  return text
}

function readSenders(read: OptionReader): AddressPatterns | undefined {
  if (read.value('from') === undefined) read.fault('from', 'is missing; it must be a list of texts')
  return readPatterns(read, 'from')
}

function readIdentity(read: OptionReader): Identity {
  const hostname = read.optionalString('hostname')
  if (hostname !== undefined && canonicalDomain(hostname) === undefined)
    read.fault('hostname', 'must be the name of a host, or an address literal')
  return { hostname, ipv4: readAddress(read, 'ipv4', 4), ipv6: readAddress(read, 'ipv6', 6) }
}

function readAddress(read: OptionReader, name: string, family: 4 | 6): string | undefined {
  const text = read.optionalString(name)
  if (text === undefined || isIP(text) === family) return text
  read.fault(name, `must be an IPv${family} address of this machine`)
  return undefined
}

function readAddresses(read: OptionReader, name: string): readonly string[] {
  const texts = read.strings(name, { default: [] })
  for (const text of texts) if (isIP(text) === 0) read.fault(name, `"${text}" is no IP address`)
  return texts
}

function readConnections(read: OptionReader): Connections {
  return {
    perHost: read.integer('perHost', { default: 20, min: 1, max: 10_000 }),
    total: read.integer('total', { default: 3500, min: 1, max: 100_000 }),
    idleTime: read.duration('idleTime', { default: '5s', max: 600_000 }),
    maxMessages: read.integer('maxMessages', { default: 100, min: 1, max: 100_000 }),
    maxAge: read.duration('maxAge', { default: '5m', max: 86_400_000 }),
  }
}

function readTimeouts(read: OptionReader): Timeouts {
  const step = (name: keyof TimeoutsInput, standard: string): number =>
    read.duration(name, { default: standard, min: 100, max: 3_600_000 })
  return {
    connect: step('connect', '30s'),
    greeting: step('greeting', '5m'),
    hello: step('hello', '5m'),
    mail: step('mail', '5m'),
    recipient: step('recipient', '5m'),
    data: step('data', '2m'),
    block: step('block', '3m'),
    message: step('message', '10m'),
    delivery: read.duration('delivery', { default: '1h', min: 1_000, max: 86_400_000 }),
  }
}
