import { MailwrightError } from '../errors.ts'
import {
  type Address,
  canonicalDomain,
  formatAddress,
  hasCommonLength,
  parseAddress,
} from '../model/address/address.ts'
import type { SessionRole } from '../model/session.ts'
import { sessionRoleOf, sessionRoles } from '../model/session-role.ts'

const MAX_NAME_CHARACTERS = 255
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029]/u

/** The canonical form of a domain that is to become ours. MAIL_E_INVALID where it is none. */
export function checkDomain(name: string): string {
  return canonicalDomain(name) ?? invalid('is not a domain', name)
}

/**
 * An account's address, or an alias's target, in canonical form. MAIL_E_INVALID where it is no address, or one that not every server
 * takes.
 */
export function checkAddress(address: Address): Address {
  const checked = checkAliasAddress(address)
  return checked.localPart === '' ? invalid('has no local part', formatAddress(address)) : checked
}

/** The same for an alias's address, whose local part is empty where it is a catch-all. */
export function checkAliasAddress(address: Address): Address {
  const text = formatAddress(address)
  return parseOwnAddress(text) ?? invalid('is not an address, or has more than 64 octets before its @', text)
}

/** Reads an address that an account, an alias or its target may have. Undefined for anything else, and where not every server takes it. */
export function parseOwnAddress(text: string): Address | undefined {
  const address = parseAddress(text)
  return address !== undefined && hasCommonLength(address) ? address : undefined
}

/** Octets; absent means no limit, 0 that nothing may be kept. MAIL_E_INVALID where it is no whole number from 0. */
export function checkQuota(octets: number | undefined): number | undefined {
  if (octets === undefined || (Number.isSafeInteger(octets) && octets >= 0)) return octets
  return invalid('is not a whole number of octets', String(octets))
}

/** A person's name: one line of 1 to 255 characters. MAIL_E_INVALID where it is something else. */
export function checkPersonName(name: string | undefined): string | undefined {
  return name === undefined ? undefined : checkLine(name, 'name', MAX_NAME_CHARACTERS)
}

/** Who makes a change, for the audit trail: one line of 1 to 255 characters. MAIL_E_INVALID where it is not. */
export function checkActor(actor: string): string {
  return checkLine(actor, 'name of an actor', MAX_NAME_CHARACTERS)
}

/** Roles of sessions, each once. MAIL_E_INVALID for a word that is none. */
export function checkRoles(names: readonly string[]): readonly SessionRole[] {
  return [...new Set(names)].map(
    (name) => sessionRoleOf(name) ?? invalid(`is no protocol (there are ${sessionRoles.join(', ')})`, name),
  )
}

/** The end of an alias's target, which is still to come. MAIL_E_INVALID. */
export function checkExpiry(expiresAt: Date | undefined, now: number): Date | undefined {
  if (expiresAt === undefined || expiresAt.getTime() > now) return expiresAt
  return invalid('is no time to come', Number.isNaN(expiresAt.getTime()) ? '' : expiresAt.toISOString())
}

/** One line of so many printable characters. MAIL_E_INVALID. */
export function checkLine(text: string, what: string, longest: number): string {
  if (text !== '' && [...text].length <= longest && !unprintable.test(text)) return text
  return invalid(`is not a ${what} of 1 to ${longest} printable characters`, text)
}

/** Throws MAIL_E_INVALID with the value, cut. */
export function invalid(problem: string, value: string): never {
  throw new MailwrightError('MAIL_E_INVALID', `${JSON.stringify(value.slice(0, 100))} ${problem}`)
}
