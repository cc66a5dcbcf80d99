import { type Address, formatAddress, formatUnicodeAddress, parseAddress } from './address.ts'
import { caseless as folded } from './caseless.ts'
import { canonicalDomain, unicodeDomain } from './domain.ts'

const plain = /^[\x00-\x7f]*$/

/**
 * The one spelling of a key of a look-up table (`jo@example.org`, `@example.org`, `jo`), whoever wrote it: lower case,
 * normal form C, behind an `@` the domain in A-labels. Without an `@` nobody knows whether it is a domain: see
 * {@link domainKeys}.
 */
export function tableKey(text: string): string {
  if (text.startsWith('"')) {
    const address = parseAddress(text)
    if (address !== undefined) return folded(formatAddress(address))
  }
  if (plain.test(text)) return text.toLowerCase()
  const at = text.lastIndexOf('@')
  const domain = at < 0 ? undefined : canonicalDomain(text.slice(at + 1))
  return folded(domain === undefined ? text : `${text.slice(0, at)}@${domain}`)
}

/** How a local part may stand in a key, to be asked in this order: as it is written in an address, without its quotes. */
export function localPartKeys(localPart: string): readonly string[] {
  return distinct([formatAddress({ localPart, domain: '' }), localPart].map(folded))
}

/** How a domain (`example.org`), or all below one (`.example.org`), may stand in a key: in A-labels, in U-labels. */
export function domainKeys(domain: string): readonly string[] {
  const dot = domain.startsWith('.') ? '.' : ''
  return distinct([domain, `${dot}${unicodeDomain(domain.slice(dot.length))}`].map(folded))
}

/**
 * How patterns are asked for an address: in A-labels, in U-labels. Its local part is in quotes where it needs them: what a
 * pattern takes of it stays one piece.
 */
export function patternKeys(address: Address): readonly string[] {
  return distinct([formatAddress(address), formatUnicodeAddress(address)])
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}
