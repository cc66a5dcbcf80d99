import { type DnsAnswer, type Network, networksInclude, parseNetwork, type Resolver } from 'mailwright'

/** Where mail for a domain goes. */
export type MailHosts =
  | { readonly kind: 'hosts'; readonly names: readonly string[] }
  /** A null MX: it takes no mail, and says so. */
  | { readonly kind: 'null' }
  /** It has MX, and none of them names a host. */
  | { readonly kind: 'unusable' }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed' }

export type HostAddresses =
  | { readonly kind: 'found'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed' }

// Whoever owns a domain may name any number of them.
const mostHosts = 5

/** The hosts of a domain's MX, or where it has none the domain itself (RFC 5321 §5.1). */
export async function mailHosts(resolver: Resolver, domain: string): Promise<MailHosts> {
  const mx = await resolver.mx(domain)
  if (mx.kind === 'failed') return { kind: 'failed' }
  if (mx.kind === 'found') {
    const names = mx.records
      .toSorted((one, other) => one.preference - other.preference)
      .map(({ exchange }) => exchange)
      .filter((name) => name !== '')
    return names.length === 0 ? { kind: 'null' } : { kind: 'hosts', names: names.slice(0, mostHosts) }
  }
  if (mx.kind === 'none' && mx.unusable === true) return { kind: 'unusable' }
  const own = await bothFamilies(resolver, domain)
  if (own.some(({ kind }) => kind === 'found')) return { kind: 'hosts', names: [domain] }
  return { kind: own.some(({ kind }) => kind === 'failed') ? 'failed' : 'none' }
}

/** All addresses of some hosts; `failed` where one could not be asked and none of the others has any. */
export async function hostAddresses(resolver: Resolver, names: readonly string[]): Promise<HostAddresses> {
  const answers = (await Promise.all(names.map((name) => bothFamilies(resolver, name)))).flat()
  const addresses = answers.flatMap((answer) => (answer.kind === 'found' ? answer.records : []))
  const isUnsure = addresses.length === 0 && answers.some(({ kind }) => kind === 'failed')
  return isUnsure ? { kind: 'failed' } : { kind: 'found', addresses }
}

function bothFamilies(resolver: Resolver, name: string): Promise<readonly DnsAnswer<string>[]> {
  return Promise.all([resolver.addresses(name, 4), resolver.addresses(name, 6)])
}

// "This host", loopback, private, link-local, shared and multicast addresses, and those that nobody may use.
const unreachable: readonly Network[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
  '::/127',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
].flatMap((text) => parseNetwork(text) ?? [])

/** Whether nobody in the Internet can reach the address. */
export function isUnreachable(address: string): boolean {
  return networksInclude(unreachable, address)
}
