import { type Address, addressKey, canonicalDomain, parseAddress } from 'mailwright'

/** Addresses, and whole domains written as `@example.org`. */
export class AddressSet {
  readonly #addresses = new Set<string>()
  readonly #domains = new Set<string>()

  /** False for a text that is neither an address nor a domain behind `@`. */
  add(text: string): boolean {
    const domain = text.startsWith('@') ? canonicalDomain(text.slice(1)) : undefined
    if (domain !== undefined) this.#domains.add(domain)
    const address = domain === undefined ? parseAddress(text) : undefined
    if (address !== undefined) this.#addresses.add(addressKey(address))
    return domain !== undefined || address !== undefined
  }

  has(address: Address): boolean {
    return this.#domains.has(address.domain) || this.names(address)
  }

  /** Whether the address itself is in it, not only its domain. */
  names(address: Address): boolean {
    return this.#addresses.has(addressKey(address))
  }
}
