import { MailwrightError } from '../errors.ts'
import { type Address, canonicalDomain, formatAddress, parseAddress } from '../model/address.ts'

const MAX_NAME_CHARACTERS = 255
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029]/u

/** The canonical form of a domain that is to become ours. MAIL_E_INVALID where it is none. */
export function checkDomain(name: string): string {
  return canonicalDomain(name) ?? invalid('is not a domain', name)
}

/** An account's address, or an alias's target, in canonical form. MAIL_E_INVALID where it is no address. */
export function checkAddress(address: Address): Address {
  const checked = checkAliasAddress(address)
  return checked.localPart === '' ? invalid('has no local part', formatAddress(address)) : checked
}

/** The same for an alias's address, whose local part is empty where it is a catch-all. */
export function checkAliasAddress(address: Address): Address {
  const text = formatAddress(address)
  return parseAddress(text) ?? invalid('is not an address', text)
}

/** Octets; absent means no limit, 0 that nothing may be kept. MAIL_E_INVALID where it is no whole number from 0. */
export function checkQuota(octets: number | undefined): number | undefined {
  if (octets === undefined || (Number.isSafeInteger(octets) && octets >= 0)) return octets
  return invalid('is not a whole number of octets', String(octets))
}

/** A person's name: one line of 1 to 255 characters. MAIL_E_INVALID where it is something else. */
export function checkPersonName(name: string | undefined): string | undefined {
  if (
    name === undefined ||
    (name !== '' && [...name].length <= MAX_NAME_CHARACTERS && !unprintable.test(name))
  )
    return name
  return invalid(`is not a name of 1 to ${MAX_NAME_CHARACTERS} printable characters`, name)
}

function invalid(problem: string, value: string): never {
  throw new MailwrightError('MAIL_E_INVALID', `${JSON.stringify(value.slice(0, 100))} ${problem}`)
}
