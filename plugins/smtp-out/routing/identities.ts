import type { Address, AddressPatterns } from 'mailwright'
import type { Identity } from '../options.ts'

/** How we appear for whom. */
export interface IdentitySettings extends Identity {
  readonly identities: readonly (Identity & { readonly from: AddressPatterns | undefined })[]
}

/** An identity with a name. */
export type NamedIdentity = Identity & { readonly hostname: string }

/** How we appear to other hosts, by sender. */
export class Identities {
  readonly #settings: IdentitySettings
  readonly #hostname: string

  constructor(settings: IdentitySettings, hostname: string) {
    this.#settings = settings
    this.#hostname = hostname
  }

  of(reversePath: Address | null): NamedIdentity {
    const own = this.#settings.identities.find(({ from }) => from?.has(reversePath) === true)
    const { hostname, ipv4, ipv6 } = this.#settings
    return {
      hostname: own?.hostname ?? hostname ?? this.#hostname,
      ipv4: own?.ipv4 ?? ipv4,
      ipv6: own?.ipv6 ?? ipv6,
    }
  }

  /** All names that we have. */
  get hostnames(): readonly string[] {
    const { hostname, identities } = this.#settings
    const names = [this.#hostname, hostname, ...identities.map((one) => one.hostname)]
    return names.flatMap((name) => name?.toLowerCase() ?? [])
  }
}
