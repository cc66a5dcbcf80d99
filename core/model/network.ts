import { isIPv4, isIPv6 } from 'node:net'

/** A block of IP addresses of one family (RFC 4632 §3.1, RFC 4291 §2.3). */
export interface Network {
  /** As it was written, without the brackets that Postfix puts around IPv6. */
  readonly text: string
  /** The first address: 4 octets, or 16. Bits behind the prefix are 0. */
  readonly octets: Uint8Array
  /** How many leading bits all its addresses have in common. */
  readonly prefix: number
}

const prefixForm = /^(?:0|[1-9]\d{0,2})$/
// RFC 4291 §2.5.5.2: what stands before an IPv4 address in an IPv6 one.
const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
const mappedBits = 96

/**
 * Reads `192.0.2.0/24`, `2001:db8::/32`, `[2001:db8::]/32`, or an address alone. A block of mapped IPv4 addresses
 * (`::ffff:192.0.2.0/120`) is the block of these IPv4 addresses. Undefined for anything else; {@link networkProblem} says why.
 */
export function parseNetwork(text: string): Network | undefined {
  const parsed = read(text)
  return typeof parsed === 'string' ? undefined : parsed
}

/** What is wrong with the text of a network, to be said behind "must be"; undefined where nothing is. */
export function networkProblem(text: string): string | undefined {
  const parsed = read(text)
  return typeof parsed === 'string' ? parsed : undefined
}

/**
 * Whether an address is in one of the networks. IPv4 clients of a listener on `::` count as IPv4: `::/0` does not have
 * them, `0.0.0.0/0` does. False for what is no IP address, such as the path of a Unix socket.
 */
export function networksInclude(networks: readonly Network[], address: string): boolean {
  if (networks.length === 0) return false
  const octets = addressOctets(address)
  return octets !== undefined && networks.some((network) => includes(network, octets))
}

/** The 4 or 16 octets of an IP address, 4 for a mapped one. Undefined for anything else; a zone index is passed over. */
export function addressOctets(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return ipv4Octets(text)
  if (!isIPv6(text)) return undefined
  const octets = ipv6Octets(text.replace(/%.*$/s, ''))
  return isMapped(octets) ? octets.subarray(mappedPrefix.length) : octets
}

function read(text: string): Network | string {
  const [, bracketed, bare, length] = /^(?:\[([^\]/]*)\]|([^[\]/]*))(?:\/(.*))?$/s.exec(text) ?? []
  const address = bracketed ?? bare ?? ''
  const isV4 = isIPv4(address) && bracketed === undefined
  if (address.includes('%') || !(isV4 || isIPv6(address)))
    return 'an IP address or a network such as "192.0.2.0/24" or "2001:db8::/32"'
  const written = isV4 ? ipv4Octets(address) : ipv6Octets(address)
  const bits = written.length * 8
  if (length !== undefined && !(prefixForm.test(length) && Number(length) <= bits))
    return `a network whose prefix length is a number from 0 to ${bits}`
  const prefix = length === undefined ? bits : Number(length)
  // Who writes 192.0.2.5/24 means either the host or the network, and nobody knows which.
  if (!isFirst(written, prefix))
    return 'a network without an address of a host in it: bits behind the prefix must be 0'
  const plain = `${address}${length === undefined ? '' : `/${length}`}`
  if (isV4 || prefix < mappedBits || !isMapped(written)) return { text: plain, octets: written, prefix }
  return { text: plain, octets: written.subarray(mappedPrefix.length), prefix: prefix - mappedBits }
}

function includes({ octets, prefix }: Network, address: Uint8Array): boolean {
  if (octets.length !== address.length) return false
  const whole = prefix >> 3
  for (let index = 0; index < whole; index++) if (octets[index] !== address[index]) return false
  const rest = prefix & 7
  return rest === 0 || (((octets[whole] ?? 0) ^ (address[whole] ?? 0)) & (0xff << (8 - rest)) & 0xff) === 0
}

function isFirst(octets: Uint8Array, prefix: number): boolean {
  return octets.every((octet, index) => {
    const own = Math.min(8, Math.max(0, prefix - index * 8))
    return (octet & (0xff >> own)) === 0
  })
}

function isMapped(octets: Uint8Array): boolean {
  return mappedPrefix.every((octet, index) => octets[index] === octet)
}

function ipv4Octets(text: string): Uint8Array {
  return Uint8Array.from(text.split('.').map(Number))
}

/** Of a text that `isIPv6` has found good, without a zone index. */
function ipv6Octets(text: string): Uint8Array {
  const [head = [], tail] = text.split('::').map(groupOctets)
  const octets = new Uint8Array(16)
  octets.set(head)
  if (tail !== undefined) octets.set(tail, octets.length - tail.length)
  return octets
}

function groupOctets(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return [...ipv4Octets(group)]
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

/** The text form of an IP address that sessions have: RFC 5952 §4, and IPv4 for a mapped one. Undefined for anything else. */
export function canonicalAddress(text: string): string | undefined {
  const octets = addressOctets(text)
  return octets && addressText(octets)
}

/** The canonical text of 4 or 16 octets. */
export function addressText(octets: Uint8Array): string {
  const plain = octets.length === 16 && isMapped(octets) ? octets.subarray(mappedPrefix.length) : octets
  if (plain.length === 4) return plain.join('.')
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((plain[2 * at] ?? 0) << 8) | (plain[2 * at + 1] ?? 0)).toString(16),
  )
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
