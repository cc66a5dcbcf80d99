import { randomBytes } from 'node:crypto'

// Crockford's base 32 in lower case: fit for file names on every system, and not misread.
const digits = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_DIGITS = 10
const CHANCE_DIGITS = 16

/**
 * A new account's id: 26 letters and digits, ten of them from the time in milliseconds since 1970, so that rows made one
 * after the other lie side by side in an index.
 */
export function newAccountId(now: number): string {
  let time = ''
  for (let rest = Math.max(0, Math.floor(now)), place = 0; place < TIME_DIGITS; place++) {
    time = (digits[rest % 32] ?? '0') + time
    rest = Math.floor(rest / 32)
  }
  return time + Array.from(randomBytes(CHANCE_DIGITS), (octet) => digits[octet % 32]).join('')
}
