import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

export interface ScramClientOptions {
  readonly login: string
  readonly secret: string
  /** Whom to act as. */
  readonly identity?: string
  /** `y` says that this client could bind its login, and that the server cannot; `n` where absent. */
  readonly flag?: 'n' | 'y'
  /** Binds the login to a channel, for the -PLUS variant; `flag` counts for nothing then. */
  readonly binding?: { readonly type: string; readonly data: Buffer }
  readonly nonce?: string
}

/** The client's side of SCRAM-SHA-256 (RFC 5802 §3, RFC 7677), written apart from the server's. */
export class ScramClient {
  readonly #options: ScramClientOptions
  readonly #header: string
  readonly #bare: string
  #serverSignature = ''

  constructor(options: ScramClientOptions) {
    const { login, identity, binding, flag = 'n', nonce = 'rOprNGfwEbeRWgbNEkqO' } = options
    this.#options = options
    const acting = identity === undefined ? '' : `a=${saslName(identity)}`
    this.#header = `${binding === undefined ? flag : `p=${binding.type}`},${acting},`
    this.#bare = `n=${saslName(login)},r=${nonce}`
  }

  /** The client-first-message. */
  first(): Buffer {
    return Buffer.from(`${this.#header}${this.#bare}`)
  }

  /** The client-final-message to a server-first-message. */
  final(serverFirst: Buffer): Buffer {
    const first = serverFirst.toString()
    const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(first) ?? []
    const { secret, binding } = this.#options
    const bound = Buffer.concat([Buffer.from(this.#header), binding?.data ?? Buffer.alloc(0)])
    const withoutProof = `c=${bound.toString('base64')},r=${nonce}`
    const messages = `${this.#bare},${first},${withoutProof}`
    const salted = pbkdf2Sync(secret, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256')
    const clientKey = keyed(salted, 'Client Key')
    const signature = keyed(createHash('sha256').update(clientKey).digest(), messages)
    const proof = clientKey.map((octet, place) => octet ^ (signature[place] ?? 0))
    this.#serverSignature = keyed(keyed(salted, 'Server Key'), messages).toString('base64')
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`)
  }

  /** Whether a server-final-message shows that the server knows the account. */
  isFromServer(serverFinal: Buffer): boolean {
    return serverFinal.toString() === `v=${this.#serverSignature}`
  }
}

function keyed(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** RFC 5802 §5.1 */
function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}
