import { hash } from 'node:crypto'

// The two parts that MD5-CRYPT and SHA-CRYPT have in common.

export type CryptDigest = 'md5' | 'sha256' | 'sha512'

/** What each round mixes with the digest of the round before. */
export interface RoundInput {
  readonly start: Uint8Array
  readonly secret: Uint8Array
  readonly salt: Uint8Array
}

/**
 * Digests again and again. A round has the secret and the last digest at its two ends, which change places; between
 * them the salt except in every third round, and the secret except in every seventh.
 */
export function digestInRounds(algorithm: CryptDigest, rounds: number, input: RoundInput): Uint8Array {
  // All rounds have one of 2 × 3 × 7 inputs, which differ in the digest only.
  const inputs = Array.from({ length: 42 }, (_, round) => roundInput(round, input))
  let digest = input.start
  for (let done = 0; done < rounds; done += inputs.length) {
    for (const [round, next] of inputs.slice(0, rounds - done).entries()) {
      next.set(digest, round % 2 === 0 ? 0 : next.length - digest.length)
      digest = hash(algorithm, next, 'buffer')
    }
  }
  return digest
}

function roundInput(round: number, { start, secret, salt }: RoundInput): Buffer {
  const middle = [...(round % 3 === 0 ? [] : [salt]), ...(round % 7 === 0 ? [] : [secret])]
  return Buffer.concat(round % 2 === 0 ? [start, ...middle, secret] : [secret, ...middle, start])
}

/** The pattern again and again, up to so many octets. */
export function repeated(pattern: Uint8Array, length: number): Buffer {
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, pattern)
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The octets of a digest at these places, the most significant first, in six-bit digits, the least significant first. */
export function encodeDigits(digest: Uint8Array, places: readonly number[]): string {
  let value = places.reduce((sum, place) => (sum << 8) | (digest[place] ?? 0), 0)
  let digits = ''
  for (let bits = places.length * 8; bits > 0; bits -= 6) {
    digits += alphabet[value & 63] ?? ''
    value >>= 6
  }
  return digits
}
