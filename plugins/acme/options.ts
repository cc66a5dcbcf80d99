import { canonicalDomain, type OptionReader, readOptions } from 'mailwright'

/** How the authority sees that a name is ours: RFC 8555 §8.3, RFC 8737. */
export type ChallengeType = 'http-01' | 'tls-alpn-01'

/** What the private key of a certificate is. */
export type KeyType = 'ecdsa-p256' | 'rsa-2048' | 'rsa-3072'

/** One certificate that is wanted. */
export interface WantedCertificate {
  /** Canonical server names; the first names its file. */
  readonly names: readonly string[]
  readonly keyType: KeyType
}

/** Who we are to an authority that serves only whom it knows (RFC 8555 §7.3.4). */
export interface ExternalAccount {
  readonly keyId: string
  /** As the authority gives it out: base64url. */
  readonly hmacKey: Buffer
}

/** The options of the acme plugin. */
export interface AcmeOptions {
  readonly directory: URL
  /** Absolute path of certificates (PEM) by which the authority's own server is verified; undefined: those of Node.js. */
  readonly directoryCa: string | undefined
  /** URLs. */
  readonly contact: readonly string[]
  readonly externalAccount: ExternalAccount | undefined
  readonly certificates: readonly WantedCertificate[]
  readonly challenge: ChallengeType
  readonly host: string
  readonly port: number
  /** Absolute path of the folder of a web server that answers instead of a listener of ours. */
  readonly webroot: string | undefined
}

/** What a config may write. */
export interface AcmeInput {
  /** That you have read and accept the authority's terms of service: `true`, or nothing is ordered. */
  readonly agreeToTerms: boolean
  /** The certificates that are wanted, each with its `names`. */
  readonly certificates: readonly {
    readonly names: readonly string[]
    readonly keyType?: KeyType
  }[]
  /** Mail addresses to which the authority may write about the account. */
  readonly contact?: readonly string[]
  /** The URL of the authority's directory. Let's Encrypt. */
  readonly directory?: string
  /** Where the authority's own server has a certificate that not everybody trusts: its issuers, PEM. */
  readonly directoryCa?: string
  readonly externalAccount?: { readonly keyId: string; readonly hmacKey: string }
  readonly challenge?: ChallengeType
  /** An address to listen on for the authority. `0.0.0.0` */
  readonly host?: string
  /** The authority asks at port 80 (http-01) or 443 (tls-alpn-01): another one only where that is passed on here. */
  readonly port?: number
  readonly webroot?: string
}

const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory'
// What one order of a public authority may name.
const mostNames = 100

/** Reads and checks the options. Throws ConfigError with all faults. */
export function parseOptions(input: unknown): AcmeOptions {
  const read = readOptions(input)
  if (!read.boolean('agreeToTerms', { default: false }))
    read.fault('agreeToTerms', "must be true, once you have read and accept the authority's terms of service")
  const challenge = read.choice('challenge', ['http-01', 'tls-alpn-01'], { default: 'http-01' })
  const options: AcmeOptions = {
    directory: readDirectory(read),
    directoryCa: read.absolutePath('directoryCa'),
    contact: read.strings('contact', { default: [] }).map((address) => mailto(read, address)),
    externalAccount: read.object('externalAccount', readExternalAccount),
    certificates: readCertificates(read),
    challenge,
    host: read.host('host', { default: '0.0.0.0' }),
    port: read.port('port', { default: challenge === 'http-01' ? 80 : 443 }),
    webroot: read.absolutePath('webroot'),
  }
  if (options.webroot !== undefined && challenge !== 'http-01')
    read.fault('webroot', 'is for the challenge "http-01" only')
  if (options.webroot !== undefined && read.value('port') !== undefined)
    read.fault('port', 'cannot stand beside `webroot`: a web server answers, and nothing listens here')
  return read.done(options)
}

/** RFC 8555 §6.1: always https. */
function readDirectory(read: OptionReader): URL {
  const text = read.string('directory', { default: letsEncrypt })
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:') return url
  read.fault('directory', 'must be a URL with https')
  return new URL(letsEncrypt)
}

function mailto(read: OptionReader, address: string): string {
  if (!/^[^\s@,?&%]+@[^\s@,?&%]+$/.test(address))
    read.fault('contact', `${JSON.stringify(address.slice(0, 60))} is not a mail address`)
  return `mailto:${address}`
}

function readExternalAccount(read: OptionReader): ExternalAccount {
  const hmacKey = read.string('hmacKey', {
    pattern: /^[A-Za-z0-9_-]+=*$/,
    expected: 'a key in base64url, as the authority gives it out',
  })
  return { keyId: read.string('keyId'), hmacKey: Buffer.from(hmacKey, 'base64url') }
}

function readCertificates(read: OptionReader): readonly WantedCertificate[] {
  const wanted = read.list('certificates', (each) => ({
    names: readNames(each),
    keyType: each.choice('keyType', ['ecdsa-p256', 'rsa-2048', 'rsa-3072'], { default: 'ecdsa-p256' }),
  }))
  if (wanted.length === 0) read.fault('certificates', 'is empty: name what is wanted')
  const first = new Set<string>()
  for (const { names } of wanted) {
    const [name = ''] = names
    if (first.has(name)) read.fault('certificates', `two certificates begin with the name ${name}`)
    if (name !== '') first.add(name)
  }
  return wanted
}

function readNames(read: OptionReader): readonly string[] {
  const names = read.strings('names').map((name) => canonicalName(read, name))
  if (names.length > mostNames) read.fault('names', `must be at most ${mostNames}`)
  if (names.length === 0) read.fault('names', 'is empty: a certificate is for one name at least')
  return [...new Set(names)]
}

function canonicalName(read: OptionReader, name: string): string {
  const shown = JSON.stringify(name.slice(0, 60))
  const canonical = canonicalDomain(name)
  if (canonical !== undefined && !canonical.startsWith('[')) return canonical
  const isWildcard = name.startsWith('*.')
  read.fault(
    'names',
    isWildcard
      ? `${shown}: wildcards need a challenge in the DNS, which is not there`
      : `${shown} is not a host name`,
  )
  return name
}
