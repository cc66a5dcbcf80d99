import type { LoginResult } from '../flow/flow.ts'
import type { LineResult } from '../network/line-buffer.ts'
import type { SaslMechanism, SaslStep } from './mechanism.ts'

/** Octets of a response's line with its CRLF; RFC 4954 §4 gives clients 12,288 without it. */
export const saslResponseLimit = 12_290

/** A line of the client without its line end; `too-long`: it was above the limit. Of every other kind: there is none. */
export type SaslLine = LineResult | { readonly kind: 'timeout' } | { readonly kind: 'closed' }

/** How a protocol carries an exchange. */
export interface SaslCarrier {
  /** Sends a challenge, which is base64 or empty. */
  challenge(text: string): Promise<void>
  /** The client's next line, of {@link saslResponseLimit} octets at most. */
  readLine(): Promise<SaslLine>
}

/** How an exchange has ended. */
export type SaslOutcome =
  | { readonly kind: 'done'; readonly result: LoginResult }
  /** The client has taken it back (RFC 4422 §3.5). */
  | { readonly kind: 'cancelled' }
  /** The client did not keep to the rules. The text says how, in ASCII, and holds nothing that the client sent. */
  | { readonly kind: 'malformed'; readonly problem: string }
  /** No response came. */
  | { readonly kind: 'ended' }

const base64Form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

type Response = { readonly octets: Buffer } | { readonly outcome: SaslOutcome }

/**
 * Has an exchange to its end (RFC 4422 §3) in the form that IMAP, POP3 and SMTP share: lines of base64, and `*` to take it
 * back. `initialResponse` is what the client sent with its command, as it came: `=` is an empty one; undefined where it
 * sent none. A mechanism's last data to a successful client is a challenge, which the client answers with an empty line:
 * none of the three can send data with its success.
 */
export async function runSaslExchange(
  mechanism: SaslMechanism,
  initialResponse: string | undefined,
  carrier: SaslCarrier,
): Promise<SaslOutcome> {
  const initial =
    initialResponse === undefined ? undefined : decode(initialResponse === '=' ? '' : initialResponse)
  if (initial !== undefined && 'outcome' in initial) return initial.outcome
  let step: SaslStep = await mechanism.step(initial?.octets)
  while (step.kind === 'challenge') {
    await carrier.challenge(step.octets.toString('base64'))
    const response = readResponse(await carrier.readLine())
    if ('outcome' in response) return response.outcome
    step = await mechanism.step(response.octets)
  }
  return step
}

function readResponse(line: SaslLine): Response {
  if (line.kind === 'too-long') return refuse('The response is too long')
  if (line.kind !== 'line') return { outcome: { kind: 'ended' } }
  const text = line.octets.toString('latin1')
  return text === '*' ? { outcome: { kind: 'cancelled' } } : decode(text)
}

function decode(text: string): Response {
  return base64Form.test(text)
    ? { octets: Buffer.from(text, 'base64') }
    : refuse('The response is not base64')
}

function refuse(problem: string): Response {
  return { outcome: { kind: 'malformed', problem } }
}
