import { networkInterfaces } from 'node:os'
import { canonicalDomain } from './model/address/domain.ts'

/** What others write behind the @ who mean this server, and no domain of its mail. */
export class OwnNames {
  readonly #hostname: string | undefined

  constructor(hostname: string) {
    this.#hostname = canonicalDomain(hostname)
  }

  /** A canonical domain: the server's name, or the literal of an address that this machine has (RFC 5321 §4.1.3). */
  has(domain: string): boolean {
    if (domain.startsWith('[')) return literals().has(domain)
    return domain === this.#hostname
  }
}

/** Addresses come and go while a server runs. */
function literals(): ReadonlySet<string | undefined> {
  const addresses = Object.values(networkInterfaces()).flatMap((found = []) => found)
  return new Set(
    addresses.map(({ family, address }) =>
      canonicalDomain(family === 'IPv6' ? `[IPv6:${address}]` : `[${address}]`),
    ),
  )
}
