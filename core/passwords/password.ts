import { MailwrightError } from '../errors.ts'
import { argon2, hashArgon2id, nobodysHash } from './argon2.ts'
import type { PasswordScheme } from './scheme.ts'
import { createWaitingLine } from './waiting-line.ts'

const MAX_SECRET_OCTETS = 1024
const MAX_STORED_LENGTH = 1024

/** The schemes that can be verified. The first is the one for new passwords. */
const schemes: readonly PasswordScheme[] = [argon2]

// Each takes 19 MiB and some 20 ms of a thread of libuv's pool, which the file system needs too. With a full line the
// last one waits about three seconds; who comes then is told to try again.
const line = createWaitingLine('passwords to hash', 2, 256)

const schemePrefix = /^\{([A-Za-z0-9.-]{1,32})\}/

/**
 * Hashes a new password (argon2id, 19 MiB, two passes, one lane) into a PHC string of about a hundred characters.
 * MAIL_E_INVALID where it is empty or longer than 1,024 octets; MAIL_E_UNAVAILABLE where too many wait.
 */
export async function hashPassword(secret: string): Promise<string> {
  const octets = secretOctets(secret)
  if (octets === undefined) {
    throw new MailwrightError('MAIL_E_INVALID', `a password must have 1 to ${MAX_SECRET_OCTETS} octets`)
  }
  return line.run(() => hashArgon2id(octets))
}

/**
 * Whether the secret is the one that was hashed. `stored` is what {@link hashPassword} gave, or a hash of another known
 * scheme, with or without `{SCHEME}` before it. False for a hash that is malformed or of no known scheme, and for a
 * secret that is empty or longer than 1,024 octets. MAIL_E_UNAVAILABLE where too many wait.
 */
export async function verifyPassword(secret: string, stored: string): Promise<boolean> {
  const octets = secretOctets(secret)
  if (octets === undefined) return false
  const found = findScheme(stored)
  // Nobody learns from the time whether an account's hash is of a kind that can be verified.
  if (found === undefined) return burn(octets)
  return line.run(() => found.scheme.verify(octets, found.hash))
}

/**
 * Whether a hash should be replaced at the next login: its scheme or parameters are not those of today, or it cannot be
 * verified at all.
 */
export function needsRehash(stored: string): boolean {
  const found = findScheme(stored)
  return found === undefined || found.scheme !== schemes[0] || !found.scheme.isCurrent(found.hash)
}

/** Takes as long as {@link verifyPassword} and answers false: for logins that nobody has. */
export async function verifyNothing(secret: string): Promise<false> {
  const octets = secretOctets(secret)
  return octets === undefined ? false : burn(octets)
}

async function burn(octets: Buffer): Promise<false> {
  await line.run(() => argon2.verify(octets, nobodysHash))
  return false
}

function secretOctets(secret: string): Buffer | undefined {
  if (secret.length === 0 || secret.length > MAX_SECRET_OCTETS) return undefined
  const octets = Buffer.from(secret, 'utf8')
  return octets.length > MAX_SECRET_OCTETS ? undefined : octets
}

function findScheme(stored: string): { scheme: PasswordScheme; hash: string } | undefined {
  if (stored.length > MAX_STORED_LENGTH) return undefined
  const prefix = schemePrefix.exec(stored)
  const hash = stored.slice(prefix?.[0].length ?? 0)
  const name = prefix?.[1]?.toUpperCase()
  const scheme = schemes.find(
    (each) => (name === undefined || each.names.includes(name)) && each.recognises(hash),
  )
  return scheme && { scheme, hash }
}
