import { createHash } from 'node:crypto'
import { type Address, addressKey } from 'mailwright'

// An id may become the name of a folder.
export const idForm: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
export const idExpected: string =
  'an id has 1 to 64 letters, digits, dots, hyphens and underscores, and starts with a letter or digit'

export const attributeName: RegExp = /^[A-Za-z][\w-]{0,63}$/

/** The id of an account whose file names none. Always the same for an address, and fit for a folder's name. */
export function derivedId(address: Address): string {
  return createHash('sha256').update(addressKey(address)).digest('hex').slice(0, 26)
}
