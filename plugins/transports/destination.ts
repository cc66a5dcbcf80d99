import { isIP } from 'node:net'
import { type Reply, reply, replyText } from 'mailwright'

/** Where the mail of an address goes, as an entry of the map says. */
export type Destination =
  /** Nothing is changed: whoever comes next routes the address. */
  | { readonly kind: 'local' }
  /** To a host by SMTP; to the address's own MX where there is none. */
  | { readonly kind: 'smtp'; readonly nextHop?: string }
  | LmtpDestination
  /** To a program by its name in the option `pipes`. */
  | { readonly kind: 'pipe'; readonly name: string; readonly nextHop?: string }
  /** Thrown away. */
  | { readonly kind: 'discard'; readonly text: string }
  /** Not now. */
  | { readonly kind: 'retry'; readonly text: string }
  /** For the postmaster to look at. */
  | { readonly kind: 'hold'; readonly text: string }
  /** Not at all. */
  | { readonly kind: 'error'; readonly text: string }

/** To a server by LMTP: at a host, or at a Unix socket. */
export type LmtpDestination =
  | { readonly kind: 'lmtp'; readonly host: string; readonly port: number }
  | { readonly kind: 'lmtp'; readonly socket: string }

/** A host of a next hop: a name, an IPv4 address, an IPv6 address in brackets. */
const hostForm = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/i
const lmtpPort = 24

/**
 * Reads `transport:nexthop` as transport(5) has it, for an address of a domain. RangeError for what cannot be done here;
 * `pipes` are the names of the programs that there are.
 */
export function parseDestination(
  text: string,
  domain: string,
  pipes: { has(name: string): boolean },
): Destination {
  const colon = text.indexOf(':')
  const name = (colon === -1 ? text : text.slice(0, colon)).trim()
  const rest = colon === -1 ? '' : text.slice(colon + 1).trim()
  switch (name) {
    case '':
      return rest === '' ? { kind: 'local' } : { kind: 'smtp', nextHop: nextHopOf(rest) }
    case 'local':
    case 'virtual':
      return { kind: 'local' }
    case 'smtp':
    case 'relay':
      return rest === '' ? { kind: 'smtp' } : { kind: 'smtp', nextHop: nextHopOf(rest) }
    case 'lmtp':
      return lmtpOf(rest, domain)
    case 'discard':
    case 'hold':
    case 'retry':
    case 'error':
      return { kind: name, text: rest }
    default:
      if (!pipes.has(name)) throw new RangeError(`there is no transport "${name}"`)
      return rest === '' ? { kind: 'pipe', name } : { kind: 'pipe', name, nextHop: rest }
  }
}

/** The text that {@link parseDestination} reads; it is in the names of routes. */
export function formatDestination(destination: Destination): string {
  switch (destination.kind) {
    case 'local':
      return 'local:'
    case 'smtp':
      return `smtp:${destination.nextHop ?? ''}`
    case 'lmtp':
      return 'socket' in destination
        ? `lmtp:unix:${destination.socket}`
        : `lmtp:inet:${bracketed(destination.host)}:${destination.port}`
    case 'pipe':
      return `${destination.name}:${destination.nextHop ?? ''}`
    default:
      return `${destination.kind}:${destination.text}`
  }
}

/** The reply of an `error`, `hold` or `retry`. The text may begin with an enhanced status code of its class. */
export function destinationReply({ kind, text }: { kind: 'hold' | 'retry' | 'error'; text: string }): Reply {
  const [code, enhanced, standard] =
    kind === 'error'
      ? [550, '5.1.2', 'No mail is taken for that address']
      : [451, '4.3.2', 'Mail for that address is held back, try again later']
  const [, given, said = ''] = /^([45]\.\d{1,3}\.\d{1,3})?\s*(.*)$/s.exec(text) ?? []
  const fits = given?.[0] === enhanced[0]
  return reply(code, fits ? given : enhanced, replyText(said) || standard)
}

/** `[host]`, `host`, with a port or without. */
function nextHopOf(text: string): string {
  const [, bracketed, bare, port] = /^(?:\[([^\]]+)\]|([^:\s[\],]+))(?::(\w+))?$/.exec(text) ?? []
  const inner = bracketed ?? bare ?? ''
  const host = isIP(inner) === 6 ? `[${inner}]` : inner
  if (!hostForm.test(host)) throw new RangeError(`"${text}" is no next hop: one host, with a port or without`)
  return port === undefined ? host : `${host}:${portOf(port)}`
}

function lmtpOf(text: string, domain: string): LmtpDestination {
  if (text.startsWith('unix:')) {
    const socket = text.slice('unix:'.length)
    if (!socket.startsWith('/')) throw new RangeError(`"${socket}" is no absolute path of a socket`)
    return { kind: 'lmtp', socket }
  }
  const hop = text.replace(/^inet:/, '')
  if (hop === '') return { kind: 'lmtp', host: domain, port: lmtpPort }
  const [, ipv6, name, port] = /^(?:\[([0-9a-f:.]+)\]|(.+?))(?::(\d+))?$/i.exec(nextHopOf(hop)) ?? []
  return { kind: 'lmtp', host: ipv6 ?? name ?? '', port: port === undefined ? lmtpPort : Number(port) }
}

const services: ReadonlyMap<string, number> = new Map([
  ['lmtp', 24],
  ['smtp', 25],
  ['submission', 587],
])

function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : (services.get(text) ?? 0)
  if (port < 1 || port > 65_535) throw new RangeError(`"${text}" is no port`)
  return port
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
