import { type Address, addressKey, canonicalDomain, parseAddress } from 'mailwright'

/**
 * Addresses, `@example.org` or `example.org` for a whole domain, `.example.org` for all domains below it, `<>` for the null
 * reverse-path.
 */
export class AddressPatterns {
  readonly #keys = new Set<string>()

  /** False for a text that is none of these. */
  add(text: string): boolean {
    const key = keyOf(text)
    if (key === undefined) return false
    this.#keys.add(key)
    return true
  }

  get size(): number {
    return this.#keys.size
  }

  has(address: Address | null): boolean {
    if (address === null) return this.#keys.has('<>')
    return (
      this.#keys.has(addressKey(address)) || domainKeys(address.domain).some((key) => this.#keys.has(key))
    )
  }
}

function keyOf(text: string): string | undefined {
  if (text === '<>') return text
  if (text.indexOf('@') <= 0) return domainKey(text.replace(/^@/, ''))
  const address = parseAddress(text)
  return address && addressKey(address)
}

/** `example.org` or `.example.org` in canonical form; undefined for anything else. */
export function domainKey(text: string): string | undefined {
  const name = canonicalDomain(text.replace(/^\./, ''))
  if (name === undefined || (text.startsWith('.') && name.startsWith('['))) return undefined
  return text.startsWith('.') ? `.${name}` : name
}

/** What a domain may be filed under, the most specific first: itself, then `.parent` and so on. */
export function domainKeys(domain: string): readonly string[] {
  const keys = [domain]
  if (domain.startsWith('[')) return keys
  for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1))
    keys.push(domain.slice(dot))
  return keys
}
