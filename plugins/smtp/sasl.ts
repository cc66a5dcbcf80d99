import { isUtf8 } from 'node:buffer'

/** Who a client says that it is, and its secret. */
export interface Credentials {
  readonly login: string
  readonly secret: string
  /** Whom it wants to act as, where that is somebody else. */
  readonly authorizationIdentity?: string
}

const base64Form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
// RFC 4013 §2.3
const control = /[\u0000-\u001f\u007f-\u009f]/

/** Strict base64 of UTF-8 (RFC 4954 §4), or undefined. `=` stands for an empty response. */
export function decodeResponse(text: string): string | undefined {
  if (text === '=') return ''
  if (!base64Form.test(text)) return undefined
  const octets = Buffer.from(text, 'base64')
  return isUtf8(octets) ? octets.toString('utf8') : undefined
}

/** The message of PLAIN: `[authzid] NUL authcid NUL passwd` (RFC 4616 §2). */
export function parsePlain(message: string): Credentials | undefined {
  const [identity, login, secret, ...more] = message.split('\0')
  if (identity === undefined || login === undefined || secret === undefined || more.length > 0)
    return undefined
  return credentials(login, secret, identity)
}

/** Undefined where something is missing or holds control characters. */
export function credentials(login: string, secret: string, identity = ''): Credentials | undefined {
  if (login === '' || secret === '' || control.test(login + secret + identity)) return undefined
  return {
    login,
    secret,
    ...(identity === '' || identity === login ? {} : { authorizationIdentity: identity }),
  }
}
