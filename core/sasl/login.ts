import type { LoginAttempt } from '../model/session.ts'
import { attemptOf, decodeMessage } from './credentials.ts'
import { challenge, malformed, type SaslContext, type SaslMechanism, type SaslStep } from './mechanism.ts'
import { saslprep } from './saslprep.ts'

/** LOGIN, which has no standard but many users: two questions, whose texts clients do not read. */
export class LoginMechanism implements SaslMechanism {
  readonly name = 'LOGIN'
  readonly #context: SaslContext
  #attempt: LoginAttempt | undefined

  constructor(context: SaslContext) {
    this.#context = context
  }

  async step(response: Buffer | undefined): Promise<SaslStep> {
    if (response === undefined) return challenge('Username:')
    const text = decodeMessage(response)
    if (this.#attempt === undefined) {
      this.#attempt = text === undefined ? undefined : attemptOf(this.name, text)
      return this.#attempt === undefined ? malformed('Not a user name') : challenge('Password:')
    }
    if (text === undefined || saslprep(text) === undefined) return malformed('Not a password')
    return { kind: 'done', result: await this.#context.flow.login(this.#attempt, text) }
  }
}
