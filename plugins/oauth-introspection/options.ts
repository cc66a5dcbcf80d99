import { isIP } from 'node:net'
import { type OptionReader, readOptions } from 'mailwright'

/** Whom to ask about tokens, and what to make of the answers. */
export interface IntrospectionOptions {
  readonly endpoint: URL
  /** Who we are to the endpoint; undefined where it asks for no credentials. */
  readonly clientId: string | undefined
  /** Itself, or the environment variable that holds it; there where `clientId` is. */
  readonly clientSecret: { readonly text: string } | { readonly variable: string } | undefined
  /** The member of an answer that is the login. */
  readonly loginClaim: string
  /** What a token must be good for; undefined: any. */
  readonly scope: string | undefined
  /** For whom a token must be; undefined: for anybody. */
  readonly audience: string | undefined
  /** Told to clients without a token. */
  readonly openidConfiguration: string | undefined
  /** Milliseconds that an answer is kept; 0: not at all. */
  readonly cacheFor: number
  /** Milliseconds that the endpoint may take. */
  readonly timeout: number
}

/** What a config may write. */
export interface IntrospectionInput {
  /** The URL of the introspection endpoint (RFC 7662): https, or http to this machine. */
  readonly endpoint: string
  /** Who we are to the endpoint; without it nobody. */
  readonly clientId?: string
  /** One of the two, with `clientId`. */
  readonly clientSecret?: string
  /** The name of the environment variable that holds it. */
  readonly clientSecretEnv?: string
  /** Which member of an answer is the login: `username`, `email`, `sub`, … `username`. */
  readonly loginClaim?: string
  /** A scope that tokens must have; clients are told of it. */
  readonly scope?: string
  /** What must be among the `aud` of an answer: without it every token of the provider opens the mailbox of its owner. */
  readonly audience?: string
  /** The URL of the provider's OpenID configuration; clients without a token are told of it. */
  readonly openidConfiguration?: string
  /** How long an answer is kept: so long a revoked token may still open sessions. `30s`. 0: not at all. */
  readonly cacheFor?: number | string
  /** How long the endpoint may take. `5s`. */
  readonly timeout?: number | string
}

export function parseOptions(input: unknown): IntrospectionOptions {
  const read = readOptions(input)
  return read.done({
    endpoint: readEndpoint(read),
    ...readClient(read),
    loginClaim: read.string('loginClaim', { default: 'username' }),
    scope: readToken(read, 'scope'),
    audience: read.optionalString('audience'),
    openidConfiguration: readConfiguration(read),
    cacheFor: read.duration('cacheFor', { default: '30s', max: 3_600_000 }),
    timeout: read.duration('timeout', { default: '5s', min: 100, max: 60_000 }),
  })
}

const nowhere = new URL('https://localhost/')

function readEndpoint(read: OptionReader): URL {
  const text = read.string('endpoint')
  if (text === '') return nowhere
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !isConfidential(url))
    read.fault(
      'endpoint',
      'must be a URL with https, or with http to this machine: tokens are as good as passwords',
    )
  else if (url.username !== '' || url.password !== '')
    read.fault('endpoint', 'must not hold a password; use `clientId` and `clientSecret`')
  else return url
  return nowhere
}

/** Whether nobody on the way can read what is sent there. */
function isConfidential({ protocol, hostname }: URL): boolean {
  if (protocol === 'https:') return true
  const host = hostname.replace(/^\[|\]$/g, '')
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  return protocol === 'http:' && isLoopback
}

function readClient(read: OptionReader): Pick<IntrospectionOptions, 'clientId' | 'clientSecret'> {
  const id = read.optionalString('clientId')
  const text = read.optionalString('clientSecret')
  const variable = read.optionalString('clientSecretEnv')
  if (text !== undefined && variable !== undefined)
    read.fault('clientSecretEnv', 'cannot stand beside `clientSecret`')
  const secret = text !== undefined ? { text } : variable !== undefined ? { variable } : undefined
  if (id === undefined && secret !== undefined) read.fault('clientId', 'is missing: it belongs to the secret')
  if (id !== undefined && secret === undefined)
    read.fault('clientSecret', 'is missing: it, or `clientSecretEnv`, belongs to `clientId`')
  return { clientId: id, clientSecret: secret }
}

/** RFC 6749 §3.3: a single scope. */
function readToken(read: OptionReader, name: string): string | undefined {
  const text = read.optionalString(name)
  if (text === undefined || /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)) return text
  read.fault(name, 'must be one word of visible characters')
  return undefined
}

/** RFC 7628 §3.2.2: it has the https scheme. */
function readConfiguration(read: OptionReader): string | undefined {
  const text = read.optionalString('openidConfiguration')
  if (text === undefined || (URL.canParse(text) && new URL(text).protocol === 'https:')) return text
  read.fault('openidConfiguration', 'must be a URL with https')
  return undefined
}
