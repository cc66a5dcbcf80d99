import { isIP } from 'node:net'
import { type AddressPatterns, canonicalDomain, type OptionReader, readAddressPatterns } from 'mailwright'
import {
  type OwnCertificate,
  type OwnCertificateInput,
  readOwnCertificate,
} from '../security/own-certificate.ts'
import { readCertificateNames, readTlsRule, type TlsLevel, type TlsRule } from '../security/tls-rule.ts'
import type { Login, SecretSource } from './secret.ts'

/** A host that takes mail for others from us. */
export interface RelayInput {
  /** Its name or IP address. */
  readonly host: string
  /** 587 with a login, 465 with `implicitTls`, else 25. */
  readonly port?: number
  /** TLS from the first octet. True for port 465. */
  readonly implicitTls?: boolean
  /** The login; with it comes one of the following, or `clientCertificate`. */
  readonly user?: string
  readonly password?: string
  /** Absolute path of a file that holds it; read at each login. */
  readonly passwordFile?: string
  /** The name of the environment variable that holds it. */
  readonly passwordEnv?: string
  /** Absolute path of a file that holds a bearer token in place of a password (OAUTHBEARER, XOAUTH2); read at each login. */
  readonly tokenFile?: string
  /** The certificate that we show to it, which is the login (EXTERNAL) where no other is given. */
  readonly clientCertificate?: OwnCertificateInput
  /** What is demanded of TLS. `verify` with a login, else the plugin's `tls`. */
  readonly tls?: TlsLevel
  /** Names that its certificate may have, where they are not `host`; `*.example.org` for one label below. */
  readonly names?: readonly string[]
  /** Its MX are asked for, not its addresses. False. */
  readonly mx?: boolean
}

/** A relay host for some mail, or for none: `direct` sends it to the MX of its domain in spite of `relay`. */
export type RelayRuleInput = RelayPatternsInput & (RelayInput | { readonly direct: true })

interface RelayPatternsInput {
  /** Reverse-paths: addresses, `jo@`, `@example.org`, `.example.org`, `<>`. Any where absent. */
  readonly from?: readonly string[]
  /** Recipients: addresses, `jo@`, `example.org`, `.example.org`. Any where absent. */
  readonly to?: readonly string[]
}

/** The same, checked. */
export interface Relay {
  /** Canonical name, or an IP address. */
  readonly host: string
  readonly port: number
  readonly implicitTls: boolean
  readonly login: Login | undefined
  readonly certificate: OwnCertificate | undefined
  /** Undefined: as for any other host. */
  readonly tls: TlsRule | undefined
  readonly useMx: boolean
}

export interface RelayRule {
  readonly from: AddressPatterns | undefined
  readonly to: AddressPatterns | undefined
  /** Undefined: none. */
  readonly relay: Relay | undefined
}

export function readRelayRule(read: OptionReader): RelayRule {
  const patterns = { from: readPatterns(read, 'from'), to: readPatterns(read, 'to') }
  const isDirect = read.boolean('direct', { default: false })
  if (!isDirect) return { ...patterns, relay: readRelay(read) }
  if (read.value('host') !== undefined) read.fault('host', 'cannot stand beside `direct`')
  return { ...patterns, relay: undefined }
}

export function readPatterns(read: OptionReader, name: string): AddressPatterns | undefined {
  return read.value(name) === undefined ? undefined : readAddressPatterns(read, name, { nullSender: true })
}

export function readRelay(read: OptionReader): Relay {
  const host = read.string('host')
  const isAddress = isIP(host) !== 0
  const name = isAddress ? host : canonicalDomain(host)
  if (host !== '' && (name === undefined || name.startsWith('[')))
    read.fault('host', 'must be the name of a host, or an IP address without brackets')
  const certificate = readOwnCertificate(read, 'clientCertificate')
  const login = readLogin(read, certificate !== undefined)
  const implicitTls = read.boolean('implicitTls', { default: read.value('port') === 465 })
  const port = read.integer('port', {
    default: implicitTls ? 465 : login?.user === undefined ? 25 : 587,
    min: 1,
    max: 65_535,
  })
  const tls = readRelayTls(read, implicitTls, login)
  const useMx = read.boolean('mx', { default: false })
  if (useMx && isAddress) read.fault('mx', 'needs a name in `host`')
  return { host: name ?? host, port, implicitTls, login, certificate, tls, useMx }
}

function readRelayTls(
  read: OptionReader,
  implicitTls: boolean,
  login: Login | undefined,
): TlsRule | undefined {
  const names = readCertificateNames(read)
  const given = readTlsRule(read, 'tls')
  if (implicitTls && (given?.level === 'none' || given?.level === 'may'))
    read.fault('tls', 'cannot be "none" or "may" with `implicitTls`')
  if (read.value('clientCertificate') !== undefined && (given?.level === 'none' || given?.level === 'may'))
    read.fault('tls', 'cannot be "none" or "may" with `clientCertificate`')
  const standard = login !== undefined ? 'verify' : implicitTls ? 'encrypt' : undefined
  const level = given?.level ?? standard
  if (names !== undefined && level !== 'verify') read.fault('names', 'count only where `tls` is "verify"')
  return level === undefined ? undefined : { level, names }
}

const sources = ['password', 'passwordFile', 'passwordEnv', 'tokenFile'] as const

function readLogin(read: OptionReader, hasCertificate: boolean): Login | undefined {
  const user = read.optionalString('user')
  const found: readonly (readonly [name: string, source: SecretSource])[] = sources.flatMap((name) => {
    const source = readSource(read, name)
    return source === undefined ? [] : [[name, source] as const]
  })
  const [first, second] = found
  if (second !== undefined) read.fault(second[0], `cannot stand beside \`${first?.[0]}\``)
  if (user === undefined && first !== undefined)
    read.fault('user', `is missing: it belongs to \`${first[0]}\``)
  if (first === undefined && hasCertificate) return { kind: 'certificate', user }
  if (user !== undefined && first === undefined)
    read.fault('password', 'is missing: it, `passwordFile`, `passwordEnv` or `tokenFile` belongs to `user`')
  if (user === undefined || first === undefined) return undefined
  return { user, secret: first[1], kind: first[0] === 'tokenFile' ? 'token' : 'password' }
}

function readSource(read: OptionReader, name: (typeof sources)[number]): SecretSource | undefined {
  if (name === 'password' || name === 'passwordEnv') {
    const text = read.optionalString(name)
    if (text === undefined) return undefined
    return name === 'password' ? { kind: 'text', text } : { kind: 'environment', name: text }
  }
  const path = read.absolutePath(name)
  return path === undefined ? undefined : { kind: 'file', path }
}
