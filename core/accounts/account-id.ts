import { createHash, randomBytes } from 'node:crypto'
import { type Address, addressKey } from '../model/address/address.ts'

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
  return time + inDigits(randomBytes(CHANCE_DIGITS))
}

/**
 * The id of an account that stands in a config and is kept nowhere else: the same in every process, for what its mailboxes are found
 * by must outlive a restart.
 */
export function accountIdOf(address: Address): string {
  const hash = createHash('sha256').update(addressKey(address)).digest()
  return inDigits(hash.subarray(0, TIME_DIGITS + CHANCE_DIGITS))
}

function inDigits(octets: Uint8Array): string {
  return Array.from(octets, (octet) => digits[octet % 32]).join('')
}
