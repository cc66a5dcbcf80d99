import { hash } from 'node:crypto'
import { digestInRounds, encodeDigits, repeated } from './crypt-rounds.ts'

/** SHA256-CRYPT (`$5$`, 43 digits) and SHA512-CRYPT (`$6$`, 86 digits), as Ulrich Drepper specified them for glibc. */
export function shaCrypt(
  algorithm: 'sha256' | 'sha512',
  secret: Uint8Array,
  salt: Uint8Array,
  rounds: number,
): string {
  const digestOf = (...parts: readonly Uint8Array[]) => hash(algorithm, Buffer.concat(parts), 'buffer')
  const inner = digestOf(secret, salt, secret)
  const parts = [secret, salt, repeated(inner, secret.length)]
  for (let bits = secret.length; bits > 0; bits >>= 1) parts.push(bits % 2 === 1 ? inner : secret)
  const start = digestOf(...parts)
  const digest = digestInRounds(algorithm, rounds, {
    start,
    secret: repeated(digestOf(repeated(secret, secret.length ** 2)), secret.length),
    salt: repeated(digestOf(repeated(salt, salt.length * (16 + (start[0] ?? 0)))), salt.length),
  })
  return algorithm === 'sha256' ? encodeSha256(digest) : encodeSha512(digest)
}

// Each group takes one octet of each third of the digest; which third is the most significant moves on by one.
function encodeSha256(digest: Uint8Array): string {
  const groups = Array.from({ length: 10 }, (_, group) => rotated([group, group + 10, group + 20], -group))
  return [...groups, [31, 30]].map((places) => encodeDigits(digest, places)).join('')
}

function encodeSha512(digest: Uint8Array): string {
  const groups = Array.from({ length: 21 }, (_, group) => rotated([group, group + 21, group + 42], group))
  return [...groups, [63]].map((places) => encodeDigits(digest, places)).join('')
}

function rotated(places: readonly number[], by: number): readonly number[] {
  const at = ((by % places.length) + places.length) % places.length
  return [...places.slice(at), ...places.slice(0, at)]
}
