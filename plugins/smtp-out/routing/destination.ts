import { isIP } from 'node:net'
import { type Address, canonicalDomain, type NextHops, type RemoteRoute } from 'mailwright'
import type { Relay, RelayRule } from './relay-option.ts'

/** Where some mail goes: what is delivered together and shares connections and trouble. */
export interface Destination {
  /** As `nextHops` tells it to a queue. */
  readonly name: string
  /** The host, or the domain whose MX are asked: canonical, an IP address, or an address literal. */
  readonly host: string
  readonly useMx: boolean
  readonly port: number
  /** Somebody has configured this host, so that one that does not exist is a fault that can be mended. */
  readonly isConfigured: boolean
  /** The relay host of the config, with its login and its TLS. */
  readonly relay: Relay | undefined
}

export interface DestinationSettings {
  readonly relay: Relay | undefined
  readonly relays: readonly RelayRule[]
  readonly fallbackRelays: readonly Relay[]
  /** Of hosts that MX records name. */
  readonly port: number
}

const smtpPort = 25
const longestName = 255

/** Decides where mail goes: a route's own next hop, a relay host of the config, or the MX of the domain. */
export class Destinations implements NextHops {
  readonly #settings: DestinationSettings
  readonly #known: ReadonlyMap<string, Relay>

  constructor(settings: DestinationSettings) {
    this.#settings = settings
    const { relay: general, relays: rules, fallbackRelays } = settings
    const relays = [...rules.map(({ relay }) => relay), general, ...fallbackRelays]
    this.#known = new Map(
      relays.flatMap((relay) => (relay === undefined || relay.useMx ? [] : [[hostName(relay), relay]])),
    )
  }

  destinationOf(route: RemoteRoute, reversePath: Address | null): string {
    return this.find(route, reversePath).name
  }

  find({ address, nextHop }: RemoteRoute, reversePath: Address | null): Destination {
    if (nextHop !== undefined) return this.#ofHop(nextHop)
    const { relay: general, relays, port } = this.#settings
    const rule = relays.find(({ from, to }) => (from?.has(reversePath) ?? true) && (to?.has(address) ?? true))
    const relay = rule === undefined ? general : rule.relay
    if (relay !== undefined) return ofRelay(relay)
    const { domain } = address
    return {
      name: domain.toLowerCase().slice(0, longestName),
      host: domain,
      useMx: !domain.startsWith('['),
      port,
      isConfigured: false,
      relay: undefined,
    }
  }

  /** Where mail goes that the hosts of a destination do not take now, the best first. */
  fallbacksOf({ name }: Destination): readonly Destination[] {
    return this.#settings.fallbackRelays.map(ofRelay).filter((fallback) => fallback.name !== name)
  }

  #ofHop(nextHop: string): Destination {
    const { host, port } = parseNextHop(nextHop)
    const name = hostName({ host, port })
    const relay = this.#known.get(name)
    if (relay !== undefined) return ofRelay(relay)
    return { name, host, port, useMx: false, isConfigured: true, relay: undefined }
  }
}

function ofRelay(relay: Relay): Destination {
  const { host, port, useMx } = relay
  return { name: hostName(relay), host, port, useMx, isConfigured: true, relay }
}

/** `host`, `host:port`, `[2001:db8::1]:port`; the port is 25 where there is none. */
export function parseNextHop(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain = text, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed?.replace(/^IPv6:/i, '') ?? plain
  const name = isIP(host) === 0 ? canonicalDomain(host) : host
  return { host: name ?? host.toLowerCase(), port: port === undefined ? smtpPort : Number(port) }
}

function hostName({ host, port }: { readonly host: string; readonly port: number }): string {
  const name = isIP(host) === 6 ? `[${host}]` : host
  return `${name.toLowerCase().slice(0, longestName - 6)}:${port}`
}
