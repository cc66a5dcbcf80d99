import { randomBytes } from 'node:crypto'
import { attemptOf, decodeMessage } from './credentials.ts'
import { challenge, malformed, type SaslContext, type SaslMechanism, type SaslStep } from './mechanism.ts'

const form = /^(.+) ([0-9a-f]{32})$/is

/** CRAM-MD5 (RFC 2195): a challenge that is used once, and its HMAC under the password. */
export class CramMd5Mechanism implements SaslMechanism {
  readonly name = 'CRAM-MD5'
  readonly #context: SaslContext
  readonly #challenge: string
  #isAsked = false

  constructor(context: SaslContext, text: string = newChallenge()) {
    this.#context = context
    this.#challenge = text
  }

  async step(response: Buffer | undefined): Promise<SaslStep> {
    if (!this.#isAsked) {
      this.#isAsked = true
      // RFC 4954 §4: no initial response where the server has to begin.
      return response === undefined
        ? challenge(this.#challenge)
        : malformed('CRAM-MD5 has no initial response')
    }
    const [, login = '', digest = ''] = form.exec(decodeMessage(response ?? Buffer.alloc(0)) ?? '') ?? []
    const attempt = login === '' ? undefined : attemptOf(this.name, login)
    if (attempt === undefined) return malformed('Not an answer of CRAM-MD5')
    const proof = { challenge: this.#challenge, digest: Buffer.from(digest, 'hex') }
    return { kind: 'done', result: await this.#context.flow.login(attempt, proof) }
  }
}

/** RFC 2195 §2: random digits and a time in the form of a Message-ID. Clients read nothing in it, so that it names no host. */
function newChallenge(): string {
  return `<${randomBytes(16).toString('hex')}.${Date.now()}@localhost>`
}
