import type { LoginResult, SessionFlow } from '../flow/flow.ts'
import type { ChannelBinding } from './channel-binding.ts'

/** What a mechanism works with. */
export interface SaslContext {
  readonly flow: SessionFlow
  /** Whether a login may be tried as the connection is now: under TLS, or where the config allows it in clear. */
  readonly mayLogIn: boolean
  /** Absent where there is no TLS. */
  readonly channelBinding?: ChannelBinding
}

/** What the server does next. */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly octets: Buffer }
  | { readonly kind: 'done'; readonly result: LoginResult }
  /** The client did not keep to the mechanism. The text says how, in ASCII, and holds nothing that the client sent. */
  | { readonly kind: 'malformed'; readonly problem: string }

/** The server's side of one exchange (RFC 4422 §3), as a state machine. */
export interface SaslMechanism {
  /** In capitals. */
  readonly name: string
  /**
   * Takes the client's next response; undefined, at first, where the client sent none with its command. Not to be called
   * again after `done` and `malformed`.
   */
  step(response: Buffer | undefined): Promise<SaslStep>
}

/** A challenge of a text. */
export function challenge(text: string): SaslStep {
  return { kind: 'challenge', octets: Buffer.from(text) }
}

export function malformed(problem: string): SaslStep {
  return { kind: 'malformed', problem }
}
