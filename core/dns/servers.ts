import { Resolver as MachineResolver } from 'node:dns'
import { isIP } from 'node:net'
import type { Clock } from '../clock.ts'
import { addressOctets } from '../model/network.ts'

/** A resolver that is asked. */
export interface DnsServer {
  readonly address: string
  readonly port: number
  /** Its word that an answer was validated counts. */
  readonly trusted: boolean
}

/** What a config says of DNS. */
export interface ResolverSettings {
  /** IP addresses, with `:port` or `[IPv6]:port` where it is not 53; those of the machine where undefined. */
  readonly servers?: readonly string[] | undefined
  /** Believe these servers that they have validated an answer; those on this machine alone are believed where undefined. */
  readonly trustAuthenticated?: boolean | undefined
}

// As long as others take to notice that the machine has moved to another network.
const readAgainAfter = 60_000

/** The servers to ask, in their order. Those of the machine are read again once a minute. */
export function serverList(
  settings: ResolverSettings,
  clock: Clock,
  ofMachine: () => readonly string[] = () => new MachineResolver().getServers(),
): () => readonly DnsServer[] {
  const list = (texts: readonly string[]) =>
    texts
      .map(parseServer)
      .flatMap((server) => server ?? [])
      .map(({ address, port }) => ({
        address,
        port,
        trusted: settings.trustAuthenticated ?? isLoopback(address),
      }))
  if (settings.servers !== undefined) {
    const fixed = list(settings.servers)
    return () => fixed
  }
  let known: { readonly at: number; readonly servers: readonly DnsServer[] } | undefined
  return () => {
    const now = clock.monotonic()
    if (known === undefined || now - known.at >= readAgainAfter)
      known = { at: now, servers: list(ofMachine()) }
    return known.servers
  }
}

/** Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` and `[2001:db8::1]:5353`. */
export function parseServer(text: string): { address: string; port: number } | undefined {
  if (isIP(text) !== 0) return { address: text, port: 53 }
  const [, six, four, digits = '53'] = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const address = six ?? four ?? ''
  const port = Number(digits)
  const isKnown = isIP(address) === (six === undefined ? 4 : 6)
  return isKnown && port > 0 && port < 65_536 ? { address, port } : undefined
}

/** Nobody but this machine can have altered what comes from there (RFC 4035 §4.9.3). */
function isLoopback(address: string): boolean {
  const octets = addressOctets(address)
  if (octets === undefined) return false
  if (octets.length === 4) return octets[0] === 127
  return octets.every((octet, index) => octet === (index === 15 ? 1 : 0))
}
