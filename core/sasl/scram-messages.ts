import { type Gs2Header, readGs2Header, readSaslName } from './gs2.ts'

/** What the client's first message says (RFC 5802 §7). */
export interface ClientFirst {
  readonly header: Gs2Header
  /** Prepared (RFC 5802 §5.1). */
  readonly login: string
  readonly nonce: string
  /** All after the header, as it came: signatures cover it. */
  readonly bare: string
}

/** What the client's last message says. */
export interface ClientFinal {
  /** Base64. */
  readonly channelBinding: string
  readonly nonce: string
  readonly proof: Buffer
  /** All before the proof, as it came: signatures cover it. */
  readonly withoutProof: string
}

// RFC 5802 §7. Extensions are ignored but for `m`, which demands something that we do not know (RFC 5802 §5.1).
const nameForm = /^n=(.+)$/s
const nonceForm = /^r=([\x21-\x2b\x2d-\x7e]+)$/
const extensionForm = /^[A-Za-ln-z]=[^\0]+$/
const bindingForm = /^c=([A-Za-z0-9+/]+={0,2})$/
const proofForm = /^p=((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/

/** Reads the client's first message; undefined where it is malformed. */
export function readClientFirst(text: string): ClientFirst | undefined {
  const { header, rest: bare } = readGs2Header(text) ?? { rest: '' }
  const [name = '', nonce = '', ...extensions] = bare.split(',')
  const login = readSaslName(nameForm.exec(name)?.[1] ?? '')
  const clientNonce = nonceForm.exec(nonce)?.[1]
  if (header === undefined || login === undefined || clientNonce === undefined) return undefined
  return areExtensions(extensions) ? { header, login, nonce: clientNonce, bare } : undefined
}

/** Reads the client's last message; undefined where it is malformed. */
export function readClientFinal(text: string): ClientFinal | undefined {
  const end = Math.max(text.lastIndexOf(','), 0)
  const withoutProof = text.slice(0, end)
  const [binding = '', nonce = '', ...extensions] = withoutProof.split(',')
  const channelBinding = bindingForm.exec(binding)?.[1]
  const wholeNonce = nonceForm.exec(nonce)?.[1]
  const proof = proofForm.exec(text.slice(end + 1))?.[1]
  if (channelBinding === undefined || wholeNonce === undefined || proof === undefined) return undefined
  if (!areExtensions(extensions)) return undefined
  return { channelBinding, nonce: wholeNonce, proof: Buffer.from(proof, 'base64'), withoutProof }
}

function areExtensions(parts: readonly string[]): boolean {
  return parts.every((part) => extensionForm.test(part))
}
