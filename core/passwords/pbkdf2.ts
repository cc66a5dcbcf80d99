import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { sameOctets } from './compare.ts'
import { decodeBase64, decodeHex } from './encoding.ts'
import type { PasswordScheme, StoredHash } from './scheme.ts'

type Algorithm = 'sha1' | 'sha256' | 'sha512'

/** What PBKDF2 needs, and what came of it. */
interface Derived {
  readonly algorithm: Algorithm
  readonly rounds: number
  readonly salt: Buffer
  readonly output: Buffer
}

/** As many rounds as a hash may ask for; in Node.js's pool they take up to half a second. */
export const mostRounds = 1_000_000

// At least 128 bits: a shorter output would be found by chance.
const outputOctets = { sha1: 20, sha256: 32, sha512: 64 } as const
const leastOutput = 16

const dovecotForm = /^\$1\$([!-#%-~]{1,64})\$(\d{1,7})\$([0-9A-Fa-f]{40})$/
const modularForm = /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:i=)?(\d{1,7})(?:,l=(\d{2}))?\$([^$]+)\$([^$]+)$/
const djangoForm = /^pbkdf2_(sha1|sha256)\$(\d{1,7})\$([!-#%-~]{1,128})\$([^$]+)$/
const ldapForm = /^(\d{1,7})\$([^$]+)\$([^$]+)$/

const pbkdf2InPool = promisify(pbkdf2)

/** PBKDF2 as RFC 8018 §5.2 has it, in the forms of Dovecot, passlib, PHC strings, Django and OpenLDAP. */
export const pbkdf2Scheme: PasswordScheme = {
  names: ['PBKDF2', 'PBKDF2-SHA1', 'PBKDF2-SHA256', 'PBKDF2-SHA512'],
  marked: true,
  read({ name, text }) {
    const named = algorithmOf(name)
    const derived = readDovecot(text) ?? readModular(text) ?? readDjango(text) ?? readLdap(name, text)
    if (derived === undefined || !isWithinBounds(derived)) return undefined
    const { algorithm, rounds, salt, output } = derived
    if (named !== undefined && named !== algorithm) return undefined
    return async (secret) =>
      sameOctets(await pbkdf2InPool(secret, salt, rounds, output.length, algorithm), output)
  },
}

function isWithinBounds({ algorithm, rounds, salt, output }: Derived): boolean {
  if (rounds < 1 || rounds > mostRounds || salt.length === 0) return false
  return output.length >= leastOutput && output.length <= outputOctets[algorithm]
}

/** The algorithm that `{PBKDF2-SHA256}` names. `{PBKDF2}` names none. */
function algorithmOf(name: StoredHash['name']): Algorithm | undefined {
  if (name === 'PBKDF2-SHA1') return 'sha1'
  if (name === 'PBKDF2-SHA256') return 'sha256'
  return name === 'PBKDF2-SHA512' ? 'sha512' : undefined
}

/** `$1$salt$rounds$output`, always SHA-1, the output in hexadecimal. */
function readDovecot(text: string): Derived | undefined {
  const [, salt = '', rounds, output = ''] = dovecotForm.exec(text) ?? []
  return derivedOf('sha1', rounds, Buffer.from(salt), decodeHex(output))
}

/** `$pbkdf2-sha256$rounds$salt$output` of passlib, and `$pbkdf2-sha256$i=rounds,l=octets$salt$output` of PHC strings. */
function readModular(text: string): Derived | undefined {
  const [, algorithm = 'sha1', rounds, length, salt = '', output = ''] = modularForm.exec(text) ?? []
  const derived = derivedOf(algorithm as Algorithm, rounds, adapted(salt), adapted(output))
  return length === undefined || Number(length) === derived?.output.length ? derived : undefined
}

/** `pbkdf2_sha256$rounds$salt$output`, the salt as it is. */
function readDjango(text: string): Derived | undefined {
  const [, algorithm, rounds, salt = '', output = ''] = djangoForm.exec(text) ?? []
  return derivedOf(algorithm as Algorithm, rounds, Buffer.from(salt), decodeBase64(output))
}

/** `{PBKDF2-SHA256}rounds$salt$output`: only the name before it says what it is. */
function readLdap(name: string | undefined, text: string): Derived | undefined {
  const [, rounds, salt = '', output = ''] = name === undefined ? [] : (ldapForm.exec(text) ?? [])
  return derivedOf(algorithmOf(name) ?? 'sha1', rounds, adapted(salt), adapted(output))
}

function derivedOf(
  algorithm: Algorithm,
  rounds?: string,
  salt?: Buffer,
  output?: Buffer,
): Derived | undefined {
  if (rounds === undefined || salt === undefined || output === undefined) return undefined
  return { algorithm, rounds: Number(rounds), salt, output }
}

/** Base64 with a dot for the plus sign, as passlib and OpenLDAP write it. */
function adapted(text: string): Buffer | undefined {
  return decodeBase64(text.replaceAll('.', '+'))
}
