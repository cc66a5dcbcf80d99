import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { saslprep } from 'mailwright/network'

const derive = promisify(pbkdf2)

// RFC 7677 §4: no fewer; and no more than a hostile server may have us compute.
const [fewestIterations, mostIterations] = [4_096, 1_000_000]

/** How a login is tied to its connection (RFC 5802 §6): by tls-exporter; or it could be, but the server has no -PLUS; or it cannot be. */
export type ScramBinding =
  | { readonly kind: 'bound'; readonly data: Buffer }
  | { readonly kind: 'not-offered' }
  | { readonly kind: 'none' }

/** The client's side of SCRAM-SHA-256 and of its variant -PLUS (RFC 5802 §3, RFC 7677). A RangeError means that the server is not to be trusted. */
export class ScramLogin {
  readonly #bare: string
  readonly #secret: string
  readonly #nonce: string
  readonly #header: string
  readonly #binding: Buffer
  #serverSignature: Buffer | undefined

  constructor(
    user: string,
    secret: string,
    binding: ScramBinding,
    nonce: string = randomBytes(18).toString('base64'),
  ) {
    this.#header = { bound: 'p=tls-exporter,,', 'not-offered': 'y,,', none: 'n,,' }[binding.kind]
    this.#binding = binding.kind === 'bound' ? binding.data : Buffer.alloc(0)
    const name = (saslprep(user) ?? user).replaceAll('=', '=3D').replaceAll(',', '=2C')
    this.#secret = saslprep(secret) ?? secret
    this.#nonce = nonce
    this.#bare = `n=${name},r=${nonce}`
  }

  /** The client-first-message. */
  first(): string {
    return `${this.#header}${this.#bare}`
  }

  /** The client-final-message to a server-first-message. */
  async final(serverFirst: string): Promise<string> {
    const [, nonce = '', salt = '', count = ''] =
      /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=(\d{1,7})(?:,.*)?$/.exec(serverFirst) ?? []
    const iterations = Number(count)
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce)
      throw new RangeError('the first message of the server is not valid')
    if (iterations < fewestIterations || iterations > mostIterations)
      throw new RangeError(`the server wants ${iterations} iterations`)
    const channel = Buffer.concat([Buffer.from(this.#header), this.#binding]).toString('base64')
    const withoutProof = `c=${channel},r=${nonce}`
    const messages = `${this.#bare},${serverFirst},${withoutProof}`
    const salted = await derive(this.#secret, Buffer.from(salt, 'base64'), iterations, 32, 'sha256')
    const clientKey = keyed(salted, 'Client Key')
    const signature = keyed(createHash('sha256').update(clientKey).digest(), messages)
    this.#serverSignature = keyed(keyed(salted, 'Server Key'), messages)
    const proof = Buffer.from(clientKey.map((octet, place) => octet ^ (signature[place] ?? 0)))
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** Checks the server-final-message: that the server knows the secret, too. */
  verify(serverFinal: string): void {
    const [, given = ''] = /^v=([A-Za-z0-9+/]+={0,2})(?:,.*)?$/.exec(serverFinal) ?? []
    const signature = Buffer.from(given, 'base64')
    const expected = this.#serverSignature
    if (
      expected === undefined ||
      signature.length !== expected.length ||
      !timingSafeEqual(signature, expected)
    )
      throw new RangeError('the server does not know the password itself')
  }
}

function keyed(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
