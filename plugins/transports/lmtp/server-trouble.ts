import { type Outcome, reply, replyText, UnavailableError } from 'mailwright'
import { ConnectionLost } from 'mailwright/network'
import { ReplyReadError } from 'mailwright/smtp-client'
import type { LmtpDestination } from '../destination.ts'
import { TlsFailure } from './lmtp-tls.ts'

/** A server cannot be used. The message is what it does, or does not: its name goes in front. */
export class ServerTrouble extends UnavailableError {}

const unread: Readonly<Record<ReplyReadError['kind'], string>> = {
  silence: 'says nothing',
  closed: 'has closed the connection',
  malformed: 'says what is no reply',
}

/** Where the server is, as an operator knows it. */
export function placeOf(destination: LmtpDestination): string {
  return 'host' in destination ? `${destination.host}:${destination.port}` : destination.socket
}

/** For the record of a delivery, and for whoever is told of it. */
export function hostOf(destination: LmtpDestination): string {
  return 'host' in destination ? destination.host : 'localhost'
}

/** What becomes of a message that could not be handed over: it comes again, and the queue says where it hangs, and why. */
export function deferral(destination: LmtpDestination, error: unknown): Outcome {
  const problem = problemOf(error)
  // What is wrong on this side is nobody else's to know.
  const text = replyText(`${placeOf(destination)} ${problem ?? 'did not get the message'}`)
  // RFC 3463 §3.8: 4.7.5 is "cryptographic failure"; §3.5: 4.4.1 is "no answer from host".
  const enhanced = error instanceof TlsFailure ? '4.7.5' : '4.4.1'
  const outcome = { kind: 'deferred', reply: reply(451, enhanced, text), host: hostOf(destination) } as const
  return problem === undefined ? outcome : { ...outcome, concerns: 'destination' }
}

/** What is wrong with the server; undefined where it is something on this side. */
function problemOf(error: unknown): string | undefined {
  if (error instanceof ReplyReadError) return unread[error.kind]
  if (error instanceof ConnectionLost) return unread.closed
  if (error instanceof ServerTrouble) return error.message
  if (error instanceof TlsFailure) return `does not come under TLS as it has to: ${error.message}`
  return undefined
}
