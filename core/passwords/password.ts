import { MailwrightError, UnavailableError } from '../errors.ts'
import { Slots } from '../slots.ts'
import { argon2, hashArgon2id, isCurrent, nobodysHash } from './argon2.ts'
import { checkCharacters } from './characters.ts'
import { cramMd5KeyOf, writeCramMd5Key } from './cram-md5.ts'
import type { SecretCheck } from './scheme.ts'
import { deriveScramKeys, type ScramSettings, writeScramKeys } from './scram.ts'
import { readStored, type VerifyOptions } from './stored-hash.ts'

const MAX_SECRET_OCTETS = 1024

// Each takes up to 19 MiB and some 20 ms of a thread of libuv's pool, which the file system needs too; what migrating
// sites have takes up to the bounds of its scheme. With as many of our own hashes as may wait the last one waits about three
// seconds; who comes then is told to try again.
const slots = new Slots(2, { waiting: 256, what: 'passwords to hash' })

const nobody: SecretCheck | undefined = argon2.read({ text: nobodysHash })

/**
 * Hashes a new password (argon2id, 19 MiB, two passes, one lane) into a PHC string of about a hundred characters.
 * MAIL_E_INVALID where it is empty or longer than 1,024 octets, or holds what no login may hold (RFC 4013 §2.3);
 * MAIL_E_UNAVAILABLE where too many wait.
 */
export async function hashPassword(secret: string): Promise<string> {
  const octets = newSecretOctets(secret)
  return inLine('hashed', () => hashArgon2id(octets))
}

/**
 * Makes keys for SCRAM-SHA-256 of a new password: `{SCRAM-SHA-256}…`, which {@link verifyPassword} knows as well. The
 * same errors.
 */
export async function hashForScram(secret: string, settings: ScramSettings): Promise<string> {
  newSecretOctets(secret)
  return inLine('hashed', async () => writeScramKeys(await deriveScramKeys(secret, settings)))
}

/**
 * Keeps a new password for CRAM-MD5 (RFC 2195): `{CRAM-MD5}…`, which {@link verifyPassword} knows as well. A thief guesses at it
 * as fast as at MD5, and logs in with it by CRAM-MD5 as it is. MAIL_E_INVALID as {@link hashPassword}.
 */
export function hashForCramMd5(secret: string): string {
  return writeCramMd5Key(cramMd5KeyOf(newSecretOctets(secret)))
}

function newSecretOctets(secret: string): Buffer {
  const octets = secretOctets(secret)
  if (octets === undefined)
    throw new MailwrightError('MAIL_E_INVALID', `a password must have 1 to ${MAX_SECRET_OCTETS} octets`)
  checkCharacters(secret)
  return octets
}

/**
 * Whether the secret is the one that is stored. `stored` is what {@link hashPassword} gave or a hash of another known
 * scheme (docs/passwords.md), with or without `{SCHEME}` before it; a text that neither has that nor shows by itself
 * what it is matches nothing unless the options say what it is. False for a hash that is malformed, asks for too much
 * work, or is of no known scheme, and for a secret that is empty or longer than 1,024 octets. A wrong secret takes at
 * least as long as {@link verifyNothing}. MAIL_E_UNAVAILABLE where too many wait; MAIL_E_INVALID for a `bareScheme`
 * that is not known.
 */
export async function verifyPassword(
  secret: string,
  stored: string,
  options: VerifyOptions = {},
): Promise<boolean> {
  const check = readStored(stored, options)
  const octets = secretOctets(secret)
  if (octets === undefined) return false
  return inLine('verified', async () => {
    if (check !== undefined && (await check(octets))) return true
    // Nobody learns from the time whether there is an account whose hash takes less of it, or cannot be verified.
    if (check === undefined || needsRehash(stored)) await nobody?.(octets)
    return false
  })
}

/**
 * Whether a hash should be replaced at the next login: its scheme or parameters are not those of today, or it cannot be
 * verified at all.
 */
export function needsRehash(stored: string): boolean {
  return !isCurrent(stored)
}

/** Takes as long as {@link verifyPassword} does for a hash of today, and answers false: for logins that nobody has. */
export async function verifyNothing(secret: string): Promise<false> {
  const octets = secretOctets(secret)
  if (octets !== undefined) await inLine('verified', async () => nobody?.(octets))
  return false
}

async function inLine<T>(what: string, task: () => Promise<T>): Promise<T> {
  return slots.run(async () => {
    try {
      return await task()
    } catch (cause) {
      throw new UnavailableError(`a password could not be ${what}`, { cause })
    }
  })
}

function secretOctets(secret: string): Buffer | undefined {
  if (secret.length === 0 || secret.length > MAX_SECRET_OCTETS) return undefined
  const octets = Buffer.from(secret, 'utf8')
  return octets.length > MAX_SECRET_OCTETS ? undefined : octets
}
