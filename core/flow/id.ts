import { randomBytes } from 'node:crypto'

// Crockford's base 32 in lower case: no i, l, o, u, which are easily misread.
const digits = '0123456789abcdefghjkmnpqrstvwxyz'
const timeDigits = 9
const randomDigits = 8

/** A new session or queue id: nine digits of milliseconds and eight of chance, so that ids sort by time. */
export function newId(now: number): string {
  let time = ''
  for (let rest = Math.floor(now), i = 0; i < timeDigits; i++) {
    time = digits[rest % 32] + time
    rest = Math.floor(rest / 32)
  }
  let chance = ''
  for (const octet of randomBytes(randomDigits)) chance += digits[octet & 31]
  return time + chance
}

/** When an id was made, in milliseconds since 1970; undefined for what is no id. */
export function idTime(id: string): number | undefined {
  if (id.length !== timeDigits + randomDigits) return undefined
  let time = 0
  for (const [index, digit] of [...id].entries()) {
    const value = digits.indexOf(digit)
    if (value < 0) return undefined
    if (index < timeDigits) time = time * 32 + value
  }
  return time
}
