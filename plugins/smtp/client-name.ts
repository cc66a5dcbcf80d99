import { isIPv6 } from 'node:net'
import { canonicalDomain, type Resolver } from 'mailwright'
import { addressLiteral } from './received.ts'

// The owner of an address may publish any number of names for it.
const maxNames = 5
const loopback = /^(?:127\.|::1$)/

/**
 * The name of an address, if that name in turn has the address: otherwise it is a claim of whoever owns the address. The
 * loopback's is not asked for.
 */
export async function confirmedName(resolver: Resolver, address: string): Promise<string | undefined> {
  if (address === '' || loopback.test(address)) return undefined
  const names = await resolver.ptr(address)
  if (names.kind !== 'found') return undefined
  for (const claimed of names.records.slice(0, maxNames)) {
    const name = canonicalDomain(claimed)
    if (name === undefined || name.startsWith('[')) continue
    const addresses = await resolver.addresses(name, isIPv6(address) ? 6 : 4)
    if (addresses.kind !== 'found') continue
    if (addresses.records.some((one) => addressLiteral(one) === addressLiteral(address))) return name
  }
  return undefined
}
