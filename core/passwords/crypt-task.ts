import { md5Crypt } from './md5-crypt.ts'
import { shaCrypt } from './sha-crypt.ts'

/** What a hash of crypt(3)'s family says of how it was made. */
export type CryptSettings =
  | { readonly kind: 'md5'; readonly mark: '$1$' | '$apr1$'; readonly salt: string }
  | { readonly kind: 'sha256' | 'sha512'; readonly rounds: number; readonly salt: string }

/** One computation for the thread; the answer has its number. */
export interface CryptTask {
  readonly number: number
  readonly secret: Uint8Array
  readonly settings: CryptSettings
}

export interface CryptAnswer {
  readonly number: number
  /** The last field of the hash. */
  readonly output: string
}

/** Does the work: a millisecond for MD5, more than that and by far for SHA. */
export function crypt(secret: Uint8Array, settings: CryptSettings): string {
  const salt = Buffer.from(settings.salt, 'latin1')
  if (settings.kind === 'md5') return md5Crypt(settings.mark, secret, salt)
  return shaCrypt(settings.kind, secret, salt, settings.rounds)
}
