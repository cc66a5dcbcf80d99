import { createHash, createHmac, createPublicKey, verify } from 'node:crypto'

/** What a client has signed, opened. */
export interface OpenedRequest {
  readonly header: Readonly<Record<string, unknown>>
  /** Undefined for a POST-as-GET. */
  readonly payload: Readonly<Record<string, unknown>> | undefined
}

interface Flattened {
  readonly protected: string
  readonly payload: string
  readonly signature: string
}

export type Jwk = Readonly<Record<string, string>>

/** Opens a request whose signature was made with a key: the one in its header, or the account's. Throws where it was not. */
export function openRequest(text: string, keyOf: (kid: string) => Jwk | undefined): OpenedRequest {
  const body = JSON.parse(text) as Flattened
  if (Object.keys(body).toSorted().join() !== 'payload,protected,signature') throw new Error('other members')
  const header = decoded(body.protected)
  const { alg, jwk, kid } = header
  if (alg !== 'ES256') throw new Error('badSignatureAlgorithm')
  if ((jwk === undefined) === (kid === undefined)) throw new Error('either jwk or kid')
  const key = jwk === undefined ? keyOf(String(kid)) : (jwk as Jwk)
  if (key === undefined) throw new Error('accountDoesNotExist')
  const isSigned = verify(
    'sha256',
    Buffer.from(`${body.protected}.${body.payload}`),
    { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(body.signature, 'base64url'),
  )
  if (!isSigned) throw new Error('the signature is wrong')
  return { header, payload: body.payload === '' ? undefined : decoded(body.payload) }
}

/** The customer's key id of an external account binding. Throws where it does not bind this key. */
export function openBinding(
  binding: unknown,
  jwk: Jwk,
  url: string,
  secretOf: (keyId: string) => Buffer | undefined,
): string {
  const body = binding as Flattened
  const header = decoded(body.protected)
  const keyId = String(header.kid)
  const secret = secretOf(keyId)
  if (header.alg !== 'HS256' || header.url !== url || secret === undefined)
    throw new Error('no binding of ours')
  const signature = createHmac('sha256', secret).update(`${body.protected}.${body.payload}`)
  if (signature.digest('base64url') !== body.signature) throw new Error('the binding is not signed')
  if (thumbprint(decoded(body.payload) as Jwk) !== thumbprint(jwk)) throw new Error('it binds another key')
  return keyId
}

/** Of a key (RFC 7638), for key authorizations. */
export function thumbprint({ crv, kty, x, y }: Jwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
}

function decoded(text: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as Readonly<Record<string, unknown>>
}
