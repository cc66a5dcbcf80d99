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
    const bound = this.#bind(message)
    if ('problem' in bound) return malformed(bound.problem)
    const begun = await this.#context.flow.beginScram(this.#attempt(message), 'SCRAM-SHA-256')
    if (!begun.ok) return { kind: 'done', result: begun }
    const { salt, iterations } = begun.login
    const nonce = `${message.nonce}${this.#nonce}`
    const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`
    const agreed = {
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

  /** The channel's data (RFC 5802 §6), or why the client must be refused. */
  #bind({ header: { binding } }: ClientFirst): { readonly data: Buffer } | { readonly problem: string } {
    const channel = this.#context.channelBinding
    const bindsHere = this.name === 'SCRAM-SHA-256-PLUS'
    if (binding.kind === 'p') {
      const data = bindsHere ? channel?.data(binding.type) : undefined
      return data === undefined ? { problem: 'No such channel binding' } : { data }
    }
    if (bindsHere) return { problem: 'Channel binding is needed' }
    // The client would have bound its login, had somebody between us not hidden that it can.
    if (binding.kind === 'y' && channel !== undefined && channel.types.length > 0)
      return { problem: 'The server does support channel binding' }
    return { data: Buffer.alloc(0) }
  }

  async #final(response: Buffer, agreed: Agreed): Promise<SaslStep> {
    const message = readClientFinal(decodeMessage(response) ?? '')
    if (message === undefined || message.nonce !== agreed.nonce) return malformed(notFinal)
    if (message.channelBinding !== agreed.channelBinding)
      return malformed('The channel bindings do not match')
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
