import { attemptOf, decodeMessage } from './credentials.ts'
import { challenge, malformed, type SaslContext, type SaslMechanism, type SaslStep } from './mechanism.ts'
import { saslprep } from './saslprep.ts'

/** PLAIN (RFC 4616): everything in one message. */
export class PlainMechanism implements SaslMechanism {
  readonly name = 'PLAIN'
  readonly #context: SaslContext

  constructor(context: SaslContext) {
    this.#context = context
  }

  async step(response: Buffer | undefined): Promise<SaslStep> {
    if (response === undefined) return challenge('')
    // RFC 4616 §2: [authzid] NUL authcid NUL passwd
    const [identity, login, secret, ...others] = decodeMessage(response)?.split('\0') ?? []
    const attempt = login === undefined ? undefined : attemptOf(this.name, login, identity)
    if (attempt === undefined || secret === undefined || others.length > 0)
      return malformed('Not a PLAIN message')
    if (saslprep(secret) === undefined) return malformed('Not a PLAIN message')
    return { kind: 'done', result: await this.#context.flow.login(attempt, secret) }
  }
}
