import type { Address } from 'mailwright'

export interface MasqueradeSettings {
  /** In their order; one with `!` in front is left as it is, with all below it. */
  readonly domains: readonly string[]
  /** Local parts, in lower case, that keep their domains. */
  readonly exceptions: ReadonlySet<string>
}

/** `jo@host.example.org` as `jo@example.org`: the first of the domains that the address's is, or is below, decides. */
export function masqueraded(address: Address, { domains, exceptions }: MasqueradeSettings): Address {
  if (exceptions.has(address.localPart.toLowerCase())) return address
  for (const entry of domains) {
    const name = entry.replace(/^!/, '')
    if (address.domain === name) return address
    if (address.domain.endsWith(`.${name}`))
      return entry === name ? { localPart: address.localPart, domain: name } : address
  }
  return address
}
