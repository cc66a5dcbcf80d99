import type { ImapCall, ImapResult, ImapSession } from 'mailwright/imap'
import {
  beginMechanism,
  offeredMechanisms,
  runSaslExchange,
  type SaslContext,
  type SaslLine,
  saslResponseLimit,
} from 'mailwright/network'
import { bad, no } from '../../engine/result.ts'
import { enter } from './enter.ts'

function contextOf({ flow, transport }: ImapSession): SaslContext {
  const { channelBinding, allowsPlaintext } = transport
  return { flow, mayLogIn: allowsPlaintext, ...(channelBinding && { channelBinding }) }
}

/** The names that a client may use as things are, the strongest first. */
export function mechanismsFor(session: ImapSession): readonly string[] {
  return offeredMechanisms(contextOf(session))
}

/** AUTHENTICATE from its command to its answer (RFC 9051 §6.2.2). */
export async function runAuthentication(
  call: ImapCall,
  session: ImapSession,
  name: string,
  initial: string | undefined,
): Promise<ImapResult> {
  if (!session.transport.allowsPlaintext) return no('Not without TLS', 'PRIVACYREQUIRED')
  const mechanism = beginMechanism(name, contextOf(session))
  if (mechanism === undefined) return no('That mechanism is not offered', 'CANNOT')
  const outcome = await runSaslExchange(mechanism, initial, {
    challenge: async (text) => session.out.write(`+ ${text}\r\n`),
    readLine: () => lineOf(call),
  })
  switch (outcome.kind) {
    case 'done':
      return enter(session, outcome.result)
    case 'cancelled':
      return bad('Authentication cancelled')
    case 'malformed':
      return bad(outcome.problem)
    case 'ended':
      return bad('No response came')
  }
}

async function lineOf(call: ImapCall): Promise<SaslLine> {
  const line = await call.readLine(saslResponseLimit)
  return { kind: 'line', octets: Buffer.from(line, 'latin1') }
}
