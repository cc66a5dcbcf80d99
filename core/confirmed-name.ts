import { isIP, isIPv6 } from 'node:net'
import { canonicalDomain } from './model/address/address.ts'
import type { ClientEndpoint } from './model/session.ts'
import type { Resolver } from './services/resolver.ts'

// The owner of an address may publish any number of names for it.
const maxNames = 5
const loopback = /^(?:127\.|::1$)/

/**
 * The name of a client: what somebody whose word is taken has stated, else the name of its IP address, if that name in turn has
 * the address: otherwise it is a claim of whoever owns the address. Undefined where there is none, or where it cannot be found
 * out now. The loopback is `localhost`; what is no IP address has no name. Never rejects, as resolvers do not.
 */
export async function confirmedName(
  resolver: Resolver | undefined,
  { address, name: stated }: Pick<ClientEndpoint, 'address' | 'name'>,
): Promise<string | undefined> {
  if (stated !== undefined) return stated ?? undefined
  if (loopback.test(address)) return 'localhost'
  return resolver === undefined || isIP(address) === 0 ? undefined : nameInDns(resolver, address)
}

async function nameInDns(resolver: Resolver, address: string): Promise<string | undefined> {
  const names = await resolver.ptr(address)
  if (names.kind !== 'found') return undefined
  for (const claimed of names.records.slice(0, maxNames)) {
    const name = canonicalDomain(claimed)
    if (name === undefined || name.startsWith('[')) continue
    const addresses = await resolver.addresses(name, isIPv6(address) ? 6 : 4)
    if (addresses.kind !== 'found') continue
    if (addresses.records.some((one) => canonical(one) === canonical(address))) return name
  }
  return undefined
}

/** IPv6 addresses are written in many ways. */
function canonical(address: string): string | undefined {
  return canonicalDomain(isIPv6(address) ? `[IPv6:${address}]` : `[${address}]`)
}
