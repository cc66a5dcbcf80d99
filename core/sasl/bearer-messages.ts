import type { TokenHints } from '../services/tokens.ts'
import { readGs2Header } from './gs2.ts'
import { saslprep } from './saslprep.ts'

/** What a client says with a bearer token. */
export interface BearerMessage {
  /** Empty where it names nobody. */
  readonly login: string
  readonly token: string
  /** The host that it has connected to, where it says so. */
  readonly host: string | undefined
}

/** How one of the mechanisms with bearer tokens writes its messages. */
export interface BearerForm {
  readonly name: 'OAUTHBEARER' | 'XOAUTH2'
  /** Undefined for what is malformed. */
  read(text: string): BearerMessage | undefined
  /** What a client is told that has no valid token. */
  error(hints: TokenHints): object
}

/** RFC 7628 §3.1 and §3.2.2. */
export const oauthBearer: BearerForm = {
  name: 'OAUTHBEARER',
  read(text) {
    const { header, rest = '' } = readGs2Header(text) ?? {}
    // There is no variant with channel binding.
    if (header === undefined || header.binding.kind === 'p' || !rest.startsWith('\x01')) return undefined
    return messageOf(rest.slice(1), () => header.identity)
  },
  error: ({ scope, openidConfiguration }) => ({
    status: 'invalid_token',
    ...(scope === undefined ? {} : { scope }),
    ...(openidConfiguration === undefined ? {} : { 'openid-configuration': openidConfiguration }),
  }),
}

/** What OAUTHBEARER was made of, and what many clients still use; it has no standard. */
export const xoauth2: BearerForm = {
  name: 'XOAUTH2',
  read: (text) => messageOf(text, (pairs) => saslprep(pairs.get('user') ?? '')),
  error: ({ scope }) => ({ status: '401', schemes: 'bearer', ...(scope === undefined ? {} : { scope }) }),
}

// RFC 7628 §3.1: kvpairs, each with its end, and one end more.
const pairsForm = /^(?:[A-Za-z]+=[^\x01\0]*\x01)*\x01$/
// RFC 6750 §2.1
const tokenForm = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

function messageOf(
  text: string,
  loginOf: (pairs: ReadonlyMap<string, string>) => string | undefined,
): BearerMessage | undefined {
  if (!pairsForm.test(text)) return undefined
  const pairs = new Map(text.slice(0, -2).split('\x01').map(splitPair))
  const login = loginOf(pairs)
  const token = tokenForm.exec(pairs.get('auth') ?? '')?.[1]
  return login === undefined || token === undefined ? undefined : { login, token, host: pairs.get('host') }
}

function splitPair(pair: string): [key: string, value: string] {
  const equals = pair.indexOf('=')
  return [pair.slice(0, equals), pair.slice(equals + 1)]
}
