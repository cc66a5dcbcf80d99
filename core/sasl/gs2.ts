import { saslprep } from './saslprep.ts'

/** What the messages of SCRAM and OAUTHBEARER begin with (RFC 5801 §4). */
export interface Gs2Header {
  /** As it came, with both commas: SCRAM repeats it. */
  readonly text: string
  /** `n`: the client cannot bind; `y`: it could, and believes that we cannot; else the type that it binds with. */
  readonly binding: { readonly kind: 'n' | 'y' } | { readonly kind: 'p'; readonly type: string }
  /** Whom the client wants to act as, prepared; empty where it does not say. */
  readonly identity: string
}

const headerForm = /^(?:([ny])|p=([A-Za-z0-9.-]{1,255})),(?:a=([^,]+))?,/

/** The header of a message, and the rest of it. Undefined where there is none. */
export function readGs2Header(
  message: string,
): { readonly header: Gs2Header; readonly rest: string } | undefined {
  const found = headerForm.exec(message)
  if (found === null) return undefined
  const [text, flag, type = '', name] = found
  const identity = name === undefined ? '' : readSaslName(name)
  if (identity === undefined) return undefined
  const binding: Gs2Header['binding'] = flag === 'n' || flag === 'y' ? { kind: flag } : { kind: 'p', type }
  return { header: { text, binding, identity }, rest: message.slice(text.length) }
}

/**
 * The name that a saslname is (RFC 5801 §4), prepared: `=2C` is a comma and `=3D` an equals sign, and nothing else may
 * follow one. Undefined where it is none.
 */
export function readSaslName(text: string): string | undefined {
  return /=(?!2C|3D)/.test(text) ? undefined : saslprep(text.replaceAll('=2C', ',').replaceAll('=3D', '='))
}
