import { randomBytes } from 'node:crypto'
import type { LoginResult, ScramLogin } from '../flow/flow.ts'
import type { LoginAttempt } from '../model/session.ts'
import { decodeMessage } from './credentials.ts'
import { challenge, malformed, type SaslContext, type SaslMechanism, type SaslStep } from './mechanism.ts'
import { type ClientFirst, readClientFinal, readClientFirst } from './scram-messages.ts'
import { provenKeys, serverSignature } from './scram-proof.ts'

const notFirst = 'Not a first message of SCRAM'
const notFinal = 'Not a last message of SCRAM'

/** Which of the two mechanisms, and what to test it with. */
export interface ScramVariant {
  readonly name: 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS'
  /** What the server adds to the client's nonce; random where absent. */
  readonly nonce?: string
}

/** What was agreed upon in the first two messages. */
interface Agreed {
  readonly attempt: LoginAttempt
  readonly login: ScramLogin
  /** What the channel binding of the last message must be, in base64. */
  readonly channelBinding: string
  readonly nonce: string
  readonly firstMessages: string
}

type Next = (response: Buffer) => Promise<SaslStep>

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677), and the same with channel binding. Whoever has no account gets a salt and fails as
 * a wrong password does. A failure is told by the protocol, not by a last message of ours (RFC 5802 §5.1, `e`).
 */
export class ScramExchange implements SaslMechanism {
  readonly name: ScramVariant['name']
  readonly #context: SaslContext
  readonly #nonce: string
  #next: Next = (response) => this.#first(response)

  constructor(context: SaslContext, { name, nonce = randomBytes(18).toString('base64') }: ScramVariant) {
    this.name = name
    this.#context = context
    this.#nonce = nonce
  }

  async step(response: Buffer | undefined): Promise<SaslStep> {
    return response === undefined ? challenge('') : this.#next(response)
  }

  async #first(response: Buffer): Promise<SaslStep> {
    const message = readClientFirst(decodeMessage(response) ?? '')
    if (message === undefined) return malformed(notFirst)
    const attempt = this.#attempt(message)
    const bound = this.#bind(message)
    if ('problem' in bound) return this.#refuse(attempt, bound.problem)
    const begun = await this.#context.flow.beginScram(attempt, 'SCRAM-SHA-256')
    if (!begun.ok) return { kind: 'done', result: begun }
    const { salt, iterations } = begun.login
    const nonce = `${message.nonce}${this.#nonce}`
    const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`
    const agreed = {
      attempt,
      login: begun.login,
      channelBinding: Buffer.concat([Buffer.from(message.header.text), bound.data]).toString('base64'),
      nonce,
      firstMessages: `${message.bare},${serverFirst}`,
    }
    this.#next = (final) => this.#final(final, agreed)
    return challenge(serverFirst)
  }

  #attempt({ login, header: { identity } }: ClientFirst): LoginAttempt {
    const mechanism = this.name
    return identity === '' || identity === login
      ? { mechanism, login }
      : { mechanism, login, authorizationIdentity: identity }
  }

  /** RFC 5802 §6: authentication must fail, and the mechanism is kept to. */
  #refuse(attempt: LoginAttempt, reason: string): SaslStep {
    return { kind: 'done', result: this.#context.flow.refuseLogin(attempt, reason) }
  }

  /** The channel's data (RFC 5802 §6), or why the client must be refused. */
  #bind({ header: { binding } }: ClientFirst): { readonly data: Buffer } | { readonly problem: string } {
    const channel = this.#context.channelBinding
    // Cyrus SASL binds under the plain name, too.
    if (binding.kind === 'p') {
      const data = channel?.data(binding.type)
      return data === undefined ? { problem: `no channel binding ${binding.type}` } : { data }
    }
    if (this.name === 'SCRAM-SHA-256-PLUS') return { problem: 'no channel binding, where it is a must' }
    // The client would have bound its login, had somebody between us not hidden that it can.
    if (binding.kind === 'y' && channel !== undefined && channel.types.length > 0)
      return { problem: 'channel binding was hidden from the client' }
    return { data: Buffer.alloc(0) }
  }

  async #final(response: Buffer, agreed: Agreed): Promise<SaslStep> {
    const message = readClientFinal(decodeMessage(response) ?? '')
    if (message === undefined || message.nonce !== agreed.nonce) return malformed(notFinal)
    if (message.channelBinding !== agreed.channelBinding)
      return this.#refuse(agreed.attempt, 'the channel bindings do not match')
    const messages = `${agreed.firstMessages},${message.withoutProof}`
    const proven = await agreed.login.verify(provenKeys(agreed.login.keys, messages, message.proof))
    if (!proven.ok) return { kind: 'done', result: proven }
    this.#next = (last) => complete(last, () => proven.complete())
    return challenge(`v=${serverSignature(proven.keys, messages)}`)
  }
}

/** RFC 4422 §5: the client has seen the server's proof, and says so with an empty response. */
async function complete(response: Buffer, enter: () => Promise<LoginResult>): Promise<SaslStep> {
  return response.length === 0 ? { kind: 'done', result: await enter() } : malformed(notFinal)
}
