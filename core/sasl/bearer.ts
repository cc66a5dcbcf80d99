import type { LoginResult } from '../flow/flow.ts'
import { isTransient } from '../model/reply.ts'
import type { BearerForm, BearerMessage } from './bearer-messages.ts'
import { decodeMessage } from './credentials.ts'
import { challenge, malformed, type SaslContext, type SaslMechanism, type SaslStep } from './mechanism.ts'

/** OAUTHBEARER (RFC 7628) or XOAUTH2: a token in the place of a password. */
export class BearerMechanism implements SaslMechanism {
  readonly name: BearerForm['name']
  readonly #context: SaslContext
  readonly #form: BearerForm
  #failed: LoginResult | undefined

  constructor(context: SaslContext, form: BearerForm) {
    this.name = form.name
    this.#context = context
    this.#form = form
  }

  async step(response: Buffer | undefined): Promise<SaslStep> {
    // RFC 7628 §3.2.3: the client has seen the error; what it says to it means nothing.
    if (this.#failed !== undefined) return { kind: 'done', result: this.#failed }
    if (response === undefined) return challenge('')
    const message = this.#form.read(decodeMessage(response) ?? '')
    if (message === undefined) return malformed('Not a message with a bearer token')
    if (!this.#isForUs(message)) return malformed('The client wanted another host')
    const { login, token } = message
    const { flow } = this.#context
    const result = await flow.login({ mechanism: this.name, login }, { token })
    // What could not be found out now is not the token's fault: the client shall not fetch another one.
    if (result.ok || isTransient(result.reply)) return { kind: 'done', result }
    this.#failed = result
    return challenge(JSON.stringify(this.#form.error(flow.loginAbilities.tokens ?? {})))
  }

  /** RFC 7628 §3.2: what the client says of the host must agree with what we know of it otherwise. */
  #isForUs({ host }: BearerMessage): boolean {
    const asked = this.#context.flow.session.tls?.serverName
    return host === undefined || asked === undefined || host.toLowerCase() === asked.toLowerCase()
  }
}
