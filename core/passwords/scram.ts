import { createHmac, hash, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { sameOctets } from './compare.ts'
import { decodeBase64 } from './encoding.ts'
import { mostRounds } from './pbkdf2.ts'
import type { PasswordScheme, SecretCheck } from './scheme.ts'

/** What a server keeps for SCRAM (RFC 5802 §3), enough to verify a secret as well. */
interface ScramKeys {
  readonly rounds: number
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

const pbkdf2InPool = promisify(pbkdf2)

const dovecotForm = /^(\d{1,7}),([^,]+),([^,]+),([^,]+)$/
const rfcForm = /^(SCRAM-SHA-(?:1|256))\$(\d{1,7}):([^$:]+)\$([^$:]+):([^$:]+)$/

/** RFC 5802 and RFC 7677: `rounds,salt,StoredKey,ServerKey` of Dovecot, or the form of RFC 5803, which PostgreSQL has. */
export const scrams: readonly PasswordScheme[] = [
  scramScheme('SCRAM-SHA-1', 'sha1', 20),
  scramScheme('SCRAM-SHA-256', 'sha256', 32),
]

function scramScheme(name: string, algorithm: 'sha1' | 'sha256', octets: number): PasswordScheme {
  return {
    names: [name],
    marked: true,
    read(stored) {
      const keys =
        readRfc(name, stored.text) ?? (stored.name === undefined ? undefined : readDovecot(stored.text))
      if (keys === undefined || keys.rounds < 1 || keys.rounds > mostRounds) return undefined
      if (keys.salt.length === 0 || keys.storedKey.length !== octets) return undefined
      return keys.serverKey.length === octets ? checkOf(algorithm, keys) : undefined
    },
  }
}

function readRfc(name: string, text: string): ScramKeys | undefined {
  const [, written, ...fields] = rfcForm.exec(text) ?? []
  return written === name ? keysOf(fields) : undefined
}

function readDovecot(text: string): ScramKeys | undefined {
  const [, ...fields] = dovecotForm.exec(text) ?? []
  return keysOf(fields)
}

function keysOf([rounds, ...encoded]: readonly string[]): ScramKeys | undefined {
  const [salt, storedKey, serverKey] = encoded.map(decodeBase64)
  if (salt === undefined || storedKey === undefined || serverKey === undefined) return undefined
  return { rounds: Number(rounds), salt, storedKey, serverKey }
}

/** Writers differ in whether they prepare a secret (RFC 4013) or take it as it is: both are tried. */
function checkOf(algorithm: 'sha1' | 'sha256', keys: ScramKeys): SecretCheck {
  return async (secret) => {
    if (await hasKeys(algorithm, keys, secret)) return true
    const prepared = prepare(secret)
    return !prepared.equals(secret) && (await hasKeys(algorithm, keys, prepared))
  }
}

async function hasKeys(algorithm: 'sha1' | 'sha256', keys: ScramKeys, secret: Buffer): Promise<boolean> {
  const { salt, rounds, storedKey, serverKey } = keys
  const salted = await pbkdf2InPool(secret, salt, rounds, storedKey.length, algorithm)
  const keyOf = (what: string) => createHmac(algorithm, salted).update(what).digest()
  const hasStoredKey = sameOctets(hash(algorithm, keyOf('Client Key'), 'buffer'), storedKey)
  return sameOctets(keyOf('Server Key'), serverKey) && hasStoredKey
}

// What RFC 4013 §2.1 maps to a space, and to nothing.
const otherSpaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g
const nothing = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g

/** The mapping and normalisation of RFC 4013 §2.1 and §2.2. What it prohibits could not have been set, and so matches nothing. */
function prepare(secret: Buffer): Buffer {
  return Buffer.from(secret.toString().replace(otherSpaces, ' ').replace(nothing, '').normalize('NFKC'))
}
