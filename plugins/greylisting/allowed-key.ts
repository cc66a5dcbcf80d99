import { type Address, blockText, canonicalDomain, parseAddress, parseNetwork } from 'mailwright'

// Longer names are looked up without the labels in front.
const mostParents = 10

/**
 * The one form of what can be allowed: a network (`192.0.2.0/24`), an address (`user@example.org`), a local part
 * (`user@`), or a domain with all that is below it (`example.org`). Undefined for anything else.
 */
export function allowedKey(text: string): string | undefined {
  const network = parseNetwork(text)
  if (network !== undefined) return blockText(network.octets, network.prefix)
  if (!text.includes('@')) {
    const domain = canonicalDomain(text)
    return domain?.startsWith('[') === true ? undefined : domain
  }
  const isUser = text.endsWith('@')
  const address = parseAddress(isUser ? `${text}any.example` : text)
  if (address === undefined) return undefined
  return isUser ? `${localKey(address)}@` : `${localKey(address)}@${address.domain}`
}

/** All keys that an address is meant by. */
export function addressKeys(address: Address): readonly string[] {
  const local = localKey(address)
  return [`${local}@${address.domain}`, `${local}@`, ...domainKeys(address.domain)]
}

/** All keys that a domain is meant by: its own, and those of the domains above it. */
export function domainKeys(domain: string): readonly string[] {
  const labels = domain.split('.').slice(-mostParents)
  return [domain, ...labels.map((_, index) => labels.slice(index).join('.'))]
}

function localKey({ localPart }: Address): string {
  return localPart.normalize('NFC').toLowerCase().normalize('NFC')
}
