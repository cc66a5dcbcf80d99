import { hash, timingSafeEqual } from 'node:crypto'

/** Compares octets in a time that tells nothing about them but whether they are equally long. */
export function sameOctets(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

/** Compares texts as {@link sameOctets} does. */
export function sameText(one: string, other: string): boolean {
  return sameOctets(Buffer.from(one), Buffer.from(other))
}

/** Compares octets in a time that does not even tell whether they are equally long. */
export function sameSecret(one: Buffer, other: Buffer): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'))
}
