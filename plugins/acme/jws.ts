import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import type { ExternalAccount } from './options.ts'

/** What is sent to the authority (RFC 7515 §7.2.2). */
export interface SignedRequest {
  readonly protected: string
  readonly payload: string
  readonly signature: string
}

/** A key for an account: ECDSA with P-256. */
export function makeAccountKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

/** The public part of an account's key, its members in the order of RFC 7638 §3.2. */
export function publicJwk(key: KeyObject): Readonly<Record<'crv' | 'kty' | 'x' | 'y', string>> {
  const { crv = '', kty = '', x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
  return { crv, kty, x, y }
}

/** What shows the authority that whoever answers a challenge has the account's key (RFC 8555 §8.1). */
export function keyAuthorization(token: string, key: KeyObject): string {
  const thumbprint = createHash('sha256')
    .update(JSON.stringify(publicJwk(key)))
    .digest('base64url')
  return `${token}.${thumbprint}`
}

/** Signs with an account's key. Without a payload it is a POST-as-GET (RFC 8555 §6.3). */
export function signRequest(
  key: KeyObject,
  header: Readonly<Record<string, unknown>>,
  payload: unknown,
): SignedRequest {
  const parts = {
    protected: encoded({ alg: 'ES256', ...header }),
    payload: payload === undefined ? '' : encoded(payload),
  }
  const input = Buffer.from(`${parts.protected}.${parts.payload}`)
  // RFC 7518 §3.4: the two numbers side by side, and not in DER.
  const signature = sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' })
  return { ...parts, signature: signature.toString('base64url') }
}

/** RFC 8555 §7.3.4: the authority's customer says that this key is his. */
export function bindExternalAccount(
  { keyId, hmacKey }: ExternalAccount,
  key: KeyObject,
  url: string,
): SignedRequest {
  const parts = {
    protected: encoded({ alg: 'HS256', kid: keyId, url }),
    payload: encoded(publicJwk(key)),
  }
  const signature = createHmac('sha256', hmacKey).update(`${parts.protected}.${parts.payload}`)
  return { ...parts, signature: signature.digest('base64url') }
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
