import { hash } from 'node:crypto'
import { digestInRounds, encodeDigits, repeated } from './crypt-rounds.ts'

const rounds = 1000

/** MD5-CRYPT as FreeBSD had it first (`$1$`), and Apache's, which differs only in its mark (`$apr1$`): 22 digits. */
export function md5Crypt(mark: '$1$' | '$apr1$', secret: Uint8Array, salt: Uint8Array): string {
  const inner = hash('md5', Buffer.concat([secret, salt, secret]), 'buffer')
  const parts = [secret, Buffer.from(mark), salt, repeated(inner, secret.length)]
  const zero = Uint8Array.of(0)
  const first = secret.subarray(0, 1)
  for (let bits = secret.length; bits > 0; bits >>= 1) parts.push(bits % 2 === 1 ? zero : first)
  const start = hash('md5', Buffer.concat(parts), 'buffer')
  return encode(digestInRounds('md5', rounds, { start, secret, salt }))
}

function encode(digest: Uint8Array): string {
  const groups = [0, 1, 2, 3, 4].map((place) => [place, place + 6, place === 4 ? 5 : place + 12])
  return [...groups, [11]].map((places) => encodeDigits(digest, places)).join('')
}
