import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { ScramKeys } from '../services/accounts.ts'

// SCRAM-SHA-256 (RFC 7677): one hash function for all of RFC 5802 §3.
const algorithm = 'sha256'
const octets = 32

/** Compared with where a login has no keys, so that the time does not tell. */
const nobodysKeys: ScramKeys = { storedKey: Buffer.alloc(octets), serverKey: Buffer.alloc(octets) }

/**
 * The keys that a client has proven to know: its proof, with its signature of the messages taken off, is what the
 * stored key is a hash of (RFC 5802 §3). Undefined where it is none of them. All are looked at, in constant time.
 */
export function provenKeys(
  keys: readonly ScramKeys[],
  messages: string,
  proof: Buffer,
): ScramKeys | undefined {
  const matching = [...keys, nobodysKeys].filter(({ storedKey }) => proves(proof, storedKey, messages))
  return matching.find((each) => each !== nobodysKeys)
}

function proves(proof: Buffer, storedKey: Buffer, messages: string): boolean {
  if (proof.length !== octets || storedKey.length !== octets) return false
  const signature = createHmac(algorithm, storedKey).update(messages).digest()
  const clientKey = signature.map((octet, place) => octet ^ (proof[place] ?? 0))
  return timingSafeEqual(hash(algorithm, clientKey, 'buffer'), storedKey)
}

/** What proves to the client that the server has its keys, in base64. */
export function serverSignature({ serverKey }: ScramKeys, messages: string): string {
  return createHmac(algorithm, serverKey).update(messages).digest('base64')
}
