import { type Address, canonicalDomain, formatAddress, parseAddress } from 'mailwright'
import { AddressMap } from './address-map.ts'
import { masqueraded } from './masquerade.ts'
import type { AddressClass, RewritingOptions } from './options.ts'

/** What is made of addresses; every address of a message asks once. */
export class Rules {
  readonly #options: RewritingOptions
  readonly #origin: string
  readonly #canonical: readonly { readonly map: AddressMap; readonly classes: ReadonlySet<AddressClass> }[]
  readonly #generic: AddressMap

  /** `hostname` stands in where the options have no origin. */
  constructor(options: RewritingOptions, hostname: string) {
    const origin = options.origin ?? canonicalDomain(hostname) ?? hostname
    const settings = {
      detailSeparator: options.detailSeparator,
      origin,
      localDomains: new Set(options.localDomains ?? [origin]),
    }
    this.#options = options
    this.#origin = origin
    this.#canonical = options.canonical.map(({ tables, classes }) => ({
      map: new AddressMap(tables, settings),
      classes,
    }))
    this.#generic = new AddressMap(options.generic, settings)
  }

  /**
   * A name of a header as an address: with the origin, or the rest of the domain, where the options say so. Undefined where it is
   * none.
   */
  completed(localPart: string, domain: string | undefined): Address | undefined {
    if (domain === undefined && this.#options.origin === undefined) return undefined
    return parseAddress(
      formatAddress(this.qualified({ localPart, domain: canonicalDomain(domain ?? this.#origin) ?? '' })),
    )
  }

  /** With the rest of the domain where it is a single word. */
  qualified(address: Address): Address {
    const { appendDomain } = this.#options
    const isShort = appendDomain !== undefined && /^[^.[\]]+$/.test(address.domain)
    return isShort ? { ...address, domain: `${address.domain}.${appendDomain}` } : address
  }

  /** What canonical maps and masquerading make of an address; itself where nothing. */
  async canonical(address: Address, place: AddressClass): Promise<Address> {
    let current = address
    for (const { map, classes } of this.#canonical)
      if (classes.has(place)) current = await followed(current, map)
    const { masquerade } = this.#options
    return masquerade?.classes.has(place) ? masqueraded(current, masquerade) : current
  }

  /** What canonical maps alone make of a recipient; the routes see to the rest. */
  async recipient(address: Address): Promise<Address> {
    return this.canonical(address, 'envelope-recipient')
  }

  /** What it is called elsewhere. */
  async generic(address: Address): Promise<Address> {
    return (await this.#generic.replacement(address)) ?? address
  }
}

// RFC 5321 §6.3: loops are found by memory; this only bounds the work.
const mostSteps = 20

/** canonical(5): again and again, until nothing changes. */
async function followed(address: Address, map: AddressMap): Promise<Address> {
  const seen = new Set<string>()
  let current = address
  while (seen.size < mostSteps && !seen.has(formatAddress(current))) {
    seen.add(formatAddress(current))
    current = (await map.replacement(current)) ?? current
  }
  return current
}
