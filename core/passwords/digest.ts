import { createHash } from 'node:crypto'
import { sameOctets } from './compare.ts'
import { decodeBase64, decodeHex } from './encoding.ts'
import type { PasswordScheme, StoredHash } from './scheme.ts'

type Names = PasswordScheme['names']

interface Algorithm {
  readonly name: 'md5' | 'sha1' | 'sha256' | 'sha512'
  readonly octets: number
}

const md5: Algorithm = { name: 'md5', octets: 16 }
const sha1: Algorithm = { name: 'sha1', octets: 20 }
const sha256: Algorithm = { name: 'sha256', octets: 32 }
const sha512: Algorithm = { name: 'sha512', octets: 64 }

const longestSalt = 128

/** One digest of the password, and one of the password with a salt behind it: base64 of digest and salt. */
export const digests: readonly PasswordScheme[] = [
  unsalted(['PLAIN-MD5', 'LDAP-MD5', 'MD5', 'MD5RAW'], md5),
  unsalted(['SHA', 'SHA1'], sha1),
  unsalted(['SHA256'], sha256),
  unsalted(['SHA512'], sha512),
  salted(['SMD5'], md5),
  salted(['SSHA'], sha1),
  salted(['SSHA256'], sha256),
  salted(['SSHA512'], sha512),
]

// Writers differ in whether they give a digest in hexadecimal or base64; its length tells.
function unsalted(names: Names, algorithm: Algorithm): PasswordScheme {
  return digestScheme(names, algorithm, ({ text, octets }) => {
    const found = octets ?? (text.length === algorithm.octets * 2 ? decodeHex(text) : decodeBase64(text))
    return found?.length === algorithm.octets ? found : undefined
  })
}

function salted(names: Names, algorithm: Algorithm): PasswordScheme {
  return digestScheme(names, algorithm, ({ text, octets = decodeBase64(text) }) => {
    const saltLength = (octets?.length ?? 0) - algorithm.octets
    return saltLength > 0 && saltLength <= longestSalt ? octets : undefined
  })
}

function digestScheme(
  names: Names,
  algorithm: Algorithm,
  decode: (stored: StoredHash) => Buffer | undefined,
): PasswordScheme {
  return {
    names,
    marked: false,
    read(stored) {
      const octets = decode(stored)
      if (octets === undefined) return undefined
      const digest = octets.subarray(0, algorithm.octets)
      const salt = octets.subarray(algorithm.octets)
      return async (secret) =>
        sameOctets(createHash(algorithm.name).update(secret).update(salt).digest(), digest)
    },
  }
}
