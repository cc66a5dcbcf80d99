import { createHash } from 'node:crypto'

const keptOfLong = 100

/** `%xx` for each octet of a text. */
export function percent(text: string): string {
  return [...Buffer.from(text)].map((octet) => `%${octet.toString(16).padStart(2, '0')}`).join('')
}

/** A name of at most so many octets: what is longer is cut and made unique by a digest. */
export function cut(name: string, longest: number): string {
  if (Buffer.byteLength(name) <= longest) return name
  return `${name.slice(0, keptOfLong)}%~${createHash('sha256').update(name).digest('hex').slice(0, 40)}`
}
