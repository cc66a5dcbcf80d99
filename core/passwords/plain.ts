import { sameSecret } from './compare.ts'
import { cramMd5KeyOf } from './cram-md5.ts'
import type { PasswordScheme } from './scheme.ts'

/** Passwords that are kept as they are, where the prefix or the caller says that they are. */
export const plain: PasswordScheme = {
  names: ['PLAIN', 'CLEARTEXT', 'CLEAR'],
  marked: false,
  read: ({ text, octets = Buffer.from(text) }) =>
    octets.length === 0 ? undefined : async (secret) => sameSecret(secret, octets),
  cramMd5Key: ({ text, octets = Buffer.from(text) }) => cramMd5KeyOf(octets),
}
