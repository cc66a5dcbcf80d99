import { isUtf8 } from 'node:buffer'
import type { LoginAttempt } from '../model/session.ts'
import { saslprep } from './saslprep.ts'

/** The text of a message; undefined where its octets are not UTF-8. */
export function decodeMessage(octets: Buffer): string | undefined {
  return isUtf8(octets) ? octets.toString('utf8') : undefined
}

/**
 * An attempt by what a client said of itself. Undefined where the login is missing or either name holds what no name
 * may hold (RFC 4013 §2.3). An identity that is the login's own says nothing.
 */
export function attemptOf(mechanism: string, login: string, identity = ''): LoginAttempt | undefined {
  if (saslprep(login) === undefined) return undefined
  if (identity === '' || identity === login) return { mechanism, login }
  return saslprep(identity) === undefined ? undefined : { mechanism, login, authorizationIdentity: identity }
}
