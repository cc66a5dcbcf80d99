import { exitCodes, SendmailError } from './exit-codes.ts'

const NUL = 0

/** The octets of a message as they are. With a NUL among them it is none (RFC 5321 §4.1.1.4): SendmailError. */
export function withoutNul(octets: Buffer): Buffer {
  if (octets.includes(NUL)) throw new SendmailError(exitCodes.data, 'the message has a NUL octet in it')
  return octets
}
