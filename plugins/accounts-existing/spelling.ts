import { domainToUnicode } from 'node:url'
import { type Address, addressKey, canonicalDomain, caseless, formatAddress, parseAddress } from 'mailwright'

/** One way in which a table may hold an address: folded to lower case, as Postfix looks it up. */
export interface Spelling {
  readonly text: string
  readonly localPart: string
  readonly domain: string
}

const asciiOnly = /^[\x20-\x7e]*$/
const plainLocalPart = /^[a-z0-9!#$%&'*+\-/=?^_`{|}~.]*$/i

/**
 * The spellings under which an address is looked up, the likeliest first: with A-labels and with U-labels, and where
 * the local part needs quotes, with and without them. An empty local part gives the catch-all, `@example.org`.
 */
export function spellingsOf(address: Address): readonly Spelling[] {
  const localPart = caseless(address.localPart)
  const written = formatAddress({ localPart, domain: '' })
  const localParts = localPart === '' || written === localPart ? [localPart] : [written, localPart]
  return domainSpellings(address.domain).flatMap((domain) =>
    localParts.map((local) => ({ text: `${local}@${domain}`, localPart: local, domain })),
  )
}

/** A canonical domain as tables may hold it: with A-labels and with U-labels. */
export function domainSpellings(domain: string): readonly string[] {
  const unicode = domain.includes('xn--') ? domainToUnicode(domain) : domain
  return unicode === domain || unicode === '' ? [domain] : [domain, unicode]
}

/** An address out of a table, quoted or not; `@example.org` has an empty local part. Undefined where it is none. */
export function readAddress(text: string): Address | undefined {
  const at = text.lastIndexOf('@')
  if (at < 0) return undefined
  const domain = canonicalDomain(text.slice(at + 1))
  if (domain === undefined) return undefined
  if (at === 0) return { localPart: '', domain }
  return parseAddress(text) ?? validAddress({ localPart: text.slice(0, at), domain })
}

/** The address in canonical form where it is one that could ever have mail; undefined else. */
export function validAddress(address: Address): Address | undefined {
  return parseAddress(formatAddress(address))
}

/** Whether an address is of characters that no collation takes for others, but for their case. */
export function isPlain({ localPart, domain }: Address): boolean {
  return plainLocalPart.test(localPart) && asciiOnly.test(domain)
}

export function isAscii(text: string): boolean {
  return asciiOnly.test(text)
}

/** Whether what a table holds is that address. Databases take more for the same than mail does: accents, final spaces. */
export function isSame(stored: Address | undefined, address: Address): boolean {
  return stored !== undefined && addressKey(stored) === addressKey(address)
}
