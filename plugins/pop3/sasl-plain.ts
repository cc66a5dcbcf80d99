import { decodeText } from './command.ts'

/** What the client proves and asks for with the PLAIN mechanism. */
export interface PlainCredentials {
  /** Whom to act as; empty for the one who logs in. */
  readonly authorizationIdentity: string
  readonly login: string
  readonly secret: string
}

/** RFC 5034 §4: a SASL response has at most 12,288 octets; the CRLF comes on top. */
export const saslResponseLimit = 12_290

const base64Form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Reads a PLAIN message (RFC 4616 §2) in its base64 form. Undefined where it is malformed. */
export function parsePlain(encoded: string): PlainCredentials | undefined {
  if (!base64Form.test(encoded)) return undefined
  const text = decodeText(Buffer.from(encoded, 'base64'))
  const [authorizationIdentity, login, secret, ...others] = text?.split('\0') ?? []
  if (authorizationIdentity === undefined || others.length > 0) return undefined
  // RFC 4616 §2: authcid and passwd have at least one character.
  if (login === undefined || login === '' || secret === undefined || secret === '') return undefined
  return { authorizationIdentity, login, secret }
}
