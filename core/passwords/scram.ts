import { createHmac, hash, pbkdf2, pbkdf2Sync } from 'node:crypto'
import { promisify } from 'node:util'
import { mapForSasl } from '../sasl/saslprep.ts'
import type { ScramKeys } from '../services/accounts.ts'
import { checkCharacters } from './characters.ts'
import { sameOctets } from './compare.ts'
import { decodeBase64 } from './encoding.ts'
import { mostRounds } from './pbkdf2.ts'
import type { PasswordScheme, SecretCheck, StoredHash } from './scheme.ts'

/** What keys are made with beside the secret. */
export interface ScramSettings {
  readonly salt: Buffer
  readonly iterations: number
}

/** What a server keeps for SCRAM (RFC 5802 §3), enough to verify a secret as well. */
export interface KeptScramKeys extends ScramKeys, ScramSettings {}

type Algorithm = 'sha1' | 'sha256'

const pbkdf2InPool = promisify(pbkdf2)

const dovecotForm = /^(\d{1,7}),([^,]+),([^,]+),([^,]+)$/
const rfcForm = /^(SCRAM-SHA-(?:1|256))\$(\d{1,7}):([^$:]+)\$([^$:]+):([^$:]+)$/

/** RFC 5802 and RFC 7677: `rounds,salt,StoredKey,ServerKey` of Dovecot, or the form of RFC 5803, which PostgreSQL has. */
export const scrams: readonly PasswordScheme[] = [
  scramScheme('SCRAM-SHA-1', 'sha1', 20),
  scramScheme('SCRAM-SHA-256', 'sha256', 32),
]

function scramScheme(name: string, algorithm: Algorithm, octets: number): PasswordScheme {
  return {
    names: [name],
    marked: true,
    read(stored) {
      const keys = readKeys(name, octets, stored)
      return keys && checkOf(algorithm, keys)
    },
  }
}

/**
 * The keys for SCRAM-SHA-256 that a stored password is, in one of the forms of docs/passwords.md. Undefined where it is
 * another kind of hash, malformed, or beyond the bounds. `bareScheme` says what it is where it does not itself.
 */
export function readScramKeys(stored: string, bareScheme?: string): KeptScramKeys | undefined {
  const [prefix] = /^\{SCRAM-SHA-256\}/i.exec(stored) ?? []
  const text = stored.slice(prefix?.length ?? 0)
  const isNamed = prefix !== undefined || bareScheme?.toUpperCase() === 'SCRAM-SHA-256'
  return readKeys('SCRAM-SHA-256', 32, isNamed ? { name: 'SCRAM-SHA-256', text } : { text })
}

/** Makes keys for SCRAM-SHA-256 of a secret, which is prepared as clients do it (RFC 5802 §2.2), in a thread. */
export async function deriveScramKeys(secret: string, settings: ScramSettings): Promise<KeptScramKeys> {
  const { salt, iterations } = settings
  const salted = await pbkdf2InPool(mapForSasl(secret), salt, iterations, 32, 'sha256')
  return { ...settings, ...keysOfSalted('sha256', salted) }
}

/**
 * The same at once and as a text, for providers that keep nothing beyond the process and so need few iterations: 4,096
 * hold everybody else up for a millisecond. MAIL_E_INVALID where it holds what no login may hold (RFC 4013 §2.3).
 */
export function hashForScramSync(secret: string, settings: ScramSettings): string {
  checkCharacters(secret)
  const { salt, iterations } = settings
  const salted = pbkdf2Sync(mapForSasl(secret), salt, iterations, 32, 'sha256')
  return writeScramKeys({ ...settings, ...keysOfSalted('sha256', salted) })
}

/** Keys as Dovecot writes them: `{SCRAM-SHA-256}iterations,salt,StoredKey,ServerKey`. */
export function writeScramKeys({ iterations, ...octets }: KeptScramKeys): string {
  const encoded = [octets.salt, octets.storedKey, octets.serverKey].map((each) => each.toString('base64'))
  return `{SCRAM-SHA-256}${[iterations, ...encoded].join(',')}`
}

function readKeys(name: string, octets: number, stored: StoredHash): KeptScramKeys | undefined {
  const keys =
    readRfc(name, stored.text) ?? (stored.name === undefined ? undefined : readDovecot(stored.text))
  if (keys === undefined || keys.iterations < 1 || keys.iterations > mostRounds) return undefined
  if (keys.salt.length === 0 || keys.storedKey.length !== octets) return undefined
  return keys.serverKey.length === octets ? keys : undefined
}

function readRfc(name: string, text: string): KeptScramKeys | undefined {
  const [, written, ...fields] = rfcForm.exec(text) ?? []
  return written === name ? keysOf(fields) : undefined
}

function readDovecot(text: string): KeptScramKeys | undefined {
  const [, ...fields] = dovecotForm.exec(text) ?? []
  return keysOf(fields)
}

function keysOf([iterations, ...encoded]: readonly string[]): KeptScramKeys | undefined {
  const [salt, storedKey, serverKey] = encoded.map(decodeBase64)
  if (salt === undefined || storedKey === undefined || serverKey === undefined) return undefined
  return { iterations: Number(iterations), salt, storedKey, serverKey }
}

/** Writers differ in whether they prepare a secret (RFC 4013) or take it as it is: both are tried. */
function checkOf(algorithm: Algorithm, keys: KeptScramKeys): SecretCheck {
  return async (secret) => {
    // To HMAC a NUL at the end of a key is as good as none.
    if (secret.includes(0)) return false
    if (await hasKeys(algorithm, keys, secret)) return true
    const prepared = Buffer.from(mapForSasl(secret.toString()))
    return !prepared.equals(secret) && (await hasKeys(algorithm, keys, prepared))
  }
}

async function hasKeys(algorithm: Algorithm, keys: KeptScramKeys, secret: Buffer): Promise<boolean> {
  const { salt, iterations, storedKey, serverKey } = keys
  const made = keysOfSalted(
    algorithm,
    await pbkdf2InPool(secret, salt, iterations, storedKey.length, algorithm),
  )
  const hasStoredKey = sameOctets(made.storedKey, storedKey)
  return sameOctets(made.serverKey, serverKey) && hasStoredKey
}

function keysOfSalted(algorithm: Algorithm, salted: Buffer): ScramKeys {
  const keyOf = (what: string) => createHmac(algorithm, salted).update(what).digest()
  return { storedKey: hash(algorithm, keyOf('Client Key'), 'buffer'), serverKey: keyOf('Server Key') }
}
