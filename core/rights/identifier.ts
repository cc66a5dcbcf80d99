import { MailwrightError } from '../errors.ts'
import type { Account } from '../model/account.ts'
import { type Address, addressKey, formatAddress, parseAddress } from '../model/address/address.ts'
import type { RightsIdentifier } from '../model/rights.ts'

/** The identifier that speaks of every account (RFC 4314 §2). */
export const anyone: RightsIdentifier = 'anyone'

/** What makes an account in an access control list. */
export type Identity = Pick<Account, 'id' | 'address'>

const negativeMark = '-'
const longestIdentifier = 512
// What no name can be told by: controls, invisible characters, halves of characters, line separators, lost octets.
const forbidden = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\ufffd]/u

/**
 * The one spelling of an identifier, so that nobody has two lines in a list: an address in the form of
 * `formatAddress`, in lower case; `anyone` in lower case; everything else as it stands. MAIL_E_INVALID for what is
 * none: empty, longer than 512 octets, with control characters, or with a second `-` in front.
 */
export function canonicalIdentifier(text: string): RightsIdentifier {
  const negative = text.startsWith(negativeMark)
  const meant = canonicalMeaning(negative ? text.slice(1) : text)
  if (meant === undefined)
    throw new MailwrightError('MAIL_E_INVALID', `not an identifier: ${JSON.stringify(text.slice(0, 100))}`)
  return negative ? negativeMark + meant : meant
}

/** Whether an identifier takes rights away. */
export function isNegative(identifier: RightsIdentifier): boolean {
  return identifier.startsWith(negativeMark)
}

/** Whom an identifier speaks of, whether it gives rights or takes them away. */
export function meantBy(identifier: RightsIdentifier): RightsIdentifier {
  return isNegative(identifier) ? identifier.slice(1) : identifier
}

/** Every identifier that speaks of an account: `anyone`, its id, its address. Canonical. */
export function identifiersOf({ id, address }: Identity): ReadonlySet<RightsIdentifier> {
  const own = canonicalMeaning(id)
  return new Set([anyone, addressIdentifier(address), ...(own === undefined ? [] : [own])])
}

/** What a list should call an account: its id, which outlives its address, or the address where no identifier can be the id. */
export function identifierFor(account: Identity): RightsIdentifier {
  const own = canonicalMeaning(account.id)
  return own === undefined || own === anyone ? addressIdentifier(account.address) : own
}

/** Whether a canonical identifier speaks of this account by name. */
export function speaksOf(identifier: RightsIdentifier, account: Identity): boolean {
  const meant = meantBy(identifier)
  return meant !== anyone && identifiersOf(account).has(meant)
}

/** An identifier without its mark; undefined where it is none. */
function canonicalMeaning(text: string): RightsIdentifier | undefined {
  if (text === '' || text.startsWith(negativeMark) || forbidden.test(text)) return undefined
  if (Buffer.byteLength(text) > longestIdentifier) return undefined
  if (text.toLowerCase() === anyone) return anyone
  const address = parseAddress(text)
  return address === undefined ? text : addressIdentifier(address)
}

/** An address as an identifier, which is never one that takes rights away. */
export function addressIdentifier(address: Address): RightsIdentifier {
  // The key is the domain, an `@`, and the local part in the form in which it is compared.
  const localPart = addressKey(address).slice(address.domain.length + 1)
  const text = formatAddress({ localPart, domain: address.domain })
  // A dash in front would take rights away; in quotes it is a part of the address.
  return text.startsWith(negativeMark) ? text.replace(/^(.*)(@[^@]*)$/s, '"$1"$2') : text
}
