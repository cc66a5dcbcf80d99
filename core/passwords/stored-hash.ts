import { MailwrightError } from '../errors.ts'
import { argon2 } from './argon2.ts'
import { bcrypt } from './bcrypt.ts'
import { type CramMd5Key, cramMd5 } from './cram-md5.ts'
import { digests } from './digest.ts'
import { decodeBase64, decodeHex } from './encoding.ts'
import { mysqlOldPassword, mysqlPassword } from './mysql.ts'
import { pbkdf2Scheme } from './pbkdf2.ts'
import { plain } from './plain.ts'
import type { PasswordScheme, SecretCheck, StoredHash } from './scheme.ts'
import { scrams } from './scram.ts'
import { md5CryptScheme, sha256Crypt, sha512Crypt } from './unix-crypt.ts'

/** What a hash is that neither has a `{SCHEME}` before it nor shows by itself what it is. */
export interface VerifyOptions {
  /** The scheme of such hashes, with or without an encoding: `PLAIN-MD5`, `SHA256.HEX`. */
  readonly bareScheme?: string
  /** Whether such a text is the password itself where `bareScheme` is absent or it is none of its hashes. */
  readonly plain?: boolean
}

/** The schemes that can be verified. docs/passwords.md lists the same. */
const schemes: readonly PasswordScheme[] = [
  argon2,
  bcrypt,
  sha512Crypt,
  sha256Crypt,
  md5CryptScheme,
  pbkdf2Scheme,
  ...scrams,
  ...digests,
  mysqlPassword,
  mysqlOldPassword,
  cramMd5,
  plain,
]

/** A stored password that could be read. */
interface ReadHash {
  readonly check: SecretCheck
  readonly cramMd5Key: CramMd5Key | undefined
}

const markedSchemes = schemes.filter((scheme) => scheme.marked)

/** The names that `{SCHEME}` and {@link VerifyOptions.bareScheme} may have, in capitals. */
export const passwordSchemes: readonly string[] = [...new Set(schemes.flatMap(({ names }) => names))].sort()

const longestStored = 4096
const schemePrefix = /^\{([a-z0-9-]{1,32})(?:\.(hex|b64|base64))?\}/i
const schemeName = /^([a-z0-9-]{1,32})(?:\.(hex|b64|base64))?$/i

// An account that is locked, or a hash that nobody here can read: whoever stole that text must not log in with it.
const neverBare = /^[!*]*(?:$|\$[\w-]+\$|\{[\w.-]+\})/

/**
 * Reads a stored password: undefined where it is malformed, beyond the bounds, or of no known scheme. Linear in its
 * length, which may be 4,096 characters. MAIL_E_INVALID where `bareScheme` is not one of {@link passwordSchemes}.
 */
export function readStored(stored: string, options: VerifyOptions = {}): SecretCheck | undefined {
  return readHash(stored, options)?.check
}

/**
 * The key for CRAM-MD5 that a stored password is, or makes where it is kept in clear. Undefined for another kind of hash. The
 * same bounds and error.
 */
export function readCramMd5Key(stored: string, options: VerifyOptions = {}): CramMd5Key | undefined {
  return readHash(stored, options)?.cramMd5Key
}

function readHash(stored: string, options: VerifyOptions): ReadHash | undefined {
  const bareScheme = readBareScheme(options.bareScheme)
  if (stored.length > longestStored) return undefined
  const [prefix, name, encoding] = schemePrefix.exec(stored) ?? []
  if (prefix !== undefined && name !== undefined)
    return readNamed(name, encoding, stored.slice(prefix.length))
  const marked = firstRead(markedSchemes, { text: stored })
  if (marked !== undefined || neverBare.test(stored)) return marked
  const named = bareScheme && readNamed(bareScheme.name, bareScheme.encoding, stored)
  return named ?? (options.plain === true ? firstRead([plain], { text: stored }) : undefined)
}

/** Whether a stored password can be verified: it says by itself what it is, or the options do. MAIL_E_INVALID as {@link readStored}. */
export function isVerifiable(stored: string, options: VerifyOptions = {}): boolean {
  return readStored(stored, options) !== undefined
}

/** Whether a text that should be a password begins as hashes do, also those of schemes that nobody here can read. */
export function looksLikeHash(text: string): boolean {
  return /^(?:\$[\w-]+\$|\{[\w.-]+\})/.test(text) || isVerifiable(text)
}

function readBareScheme(given?: string): { name: string; encoding: string | undefined } | undefined {
  if (given === undefined) return undefined
  const [, name = '', encoding] = schemeName.exec(given) ?? []
  if (passwordSchemes.includes(name.toUpperCase())) return { name, encoding }
  throw new MailwrightError('MAIL_E_INVALID', `${JSON.stringify(given)} is not a known password scheme`)
}

function readNamed(name: string, encoding: string | undefined, text: string): ReadHash | undefined {
  const stored = decode(name.toUpperCase(), encoding?.toUpperCase(), text)
  return stored && firstRead(schemes, stored)
}

function decode(name: string, encoding: string | undefined, text: string): StoredHash | undefined {
  if (encoding === undefined) return { name, text }
  const octets = encoding === 'HEX' ? decodeHex(text) : decodeBase64(text)
  return octets && { name, octets, text: octets.toString('latin1') }
}

/** Several schemes may have one name, as `{CRYPT}` and `{MD5}` are; no text is well-formed for two of them. */
function firstRead(candidates: readonly PasswordScheme[], stored: StoredHash): ReadHash | undefined {
  const { name } = stored
  for (const scheme of candidates) {
    const check = name === undefined || scheme.names.includes(name) ? scheme.read(stored) : undefined
    if (check !== undefined) return { check, cramMd5Key: scheme.cramMd5Key?.(stored) }
  }
  return undefined
}
