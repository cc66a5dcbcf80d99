import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII, domainToUnicode } from 'node:url'

const MAX_DOMAIN_OCTETS = 255
const MAX_LABEL_OCTETS = 63

// RFC 5321 §4.1.2 knows letters, digits and hyphens only. The underscore is let through as well: DNS allows it, and
// hosts with such names do send mail.
const label = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/
const asciiOnly = /^[\x21-\x7e]*$/
// What URL parsing would give a meaning of its own (percent-decoding, path, query) must not get as far as domainToASCII.
const urlSyntax = /[\s\p{Cc}\p{Cs}\ufffd%/\\?#@:[\]<>"']/u
// A last label that is a number makes an IPv4 address of the name in other programs; it has to be a literal.
const numeric = /^(?:\d+|0x[0-9a-f]*)$/

/**
 * The canonical form of a domain: lower-case A-labels (UTS 46) for a name, `[192.0.2.1]` or `[IPv6:2001:db8::1]` for an
 * address literal. Undefined for anything that RFC 5321 §4.1.2 would not call a domain: empty or overlong labels, other
 * characters, a trailing dot, a bare IP address, a literal of an unknown kind.
 */
export function canonicalDomain(text: string): string | undefined {
  if (text.length === 0 || text.length > MAX_DOMAIN_OCTETS) return undefined
  if (text.startsWith('[')) return canonicalLiteral(text)
  const ascii = asciiOnly.test(text) ? text.toLowerCase() : internationalDomain(text)
  return isHostName(ascii) ? ascii : undefined
}

/** The domain as people read it: U-labels where they lead back to the same A-labels, otherwise the domain unchanged. */
export function unicodeDomain(domain: string): string {
  if (!domain.includes('xn--')) return domain
  const unicode = domainToUnicode(domain)
  return canonicalDomain(unicode) === domain ? unicode : domain
}

function internationalDomain(text: string): string {
  return urlSyntax.test(text) ? '' : domainToASCII(text)
}

function isHostName(text: string): boolean {
  if (text.length === 0 || text.length > MAX_DOMAIN_OCTETS) return false
  const labels = text.split('.')
  if (!labels.every((each) => each.length <= MAX_LABEL_OCTETS && label.test(each))) return false
  return !numeric.test(labels.at(-1) ?? '')
}

function canonicalLiteral(text: string): string | undefined {
  if (!text.endsWith(']')) return undefined
  const inner = text.slice(1, -1)
  if (isIPv4(inner)) return `[${inner}]`
  const tag = inner.slice(0, 5)
  const address = inner.slice(5)
  // A zone index (fe80::1%eth0) means nothing beyond the host that wrote it.
  if (tag.toLowerCase() !== 'ipv6:' || !isIPv6(address) || address.includes('%')) return undefined
  return `[IPv6:${new URL(`http://[${address}]`).hostname.slice(1, -1)}]`
}
