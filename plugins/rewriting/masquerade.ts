import { type Address, type AddressPatterns, patternsOfDomain } from 'mailwright'

/** A domain whose hosts' names are left out. */
export interface MasqueradeDomain {
  /** What stands in the place of a domain that the pattern means. */
  readonly name: string
  /** Of an `AddressPattern`. */
  readonly key: string
  /** Addresses there are left as they are. */
  readonly isKept: boolean
}

export interface MasqueradeSettings {
  /** In their order. */
  readonly domains: readonly MasqueradeDomain[]
  /** Addresses that keep their domains. */
  readonly exceptions: AddressPatterns
}

/** `jo@host.example.org` as `jo@example.org`: the first of the domains that the address's is, or is below, decides. */
export function masqueraded(address: Address, { domains, exceptions }: MasqueradeSettings): Address {
  if (exceptions.has(address)) return address
  const keys = patternsOfDomain(address.domain, { domainsIncludeBelow: true })
  const first = domains.find(({ key }) => keys.includes(key))
  return first === undefined || first.isKept ? address : { ...address, domain: first.name }
}
