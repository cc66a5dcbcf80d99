import { addressOctets } from 'mailwright'

/**
 * What one client is known by: its IPv4 address, or the /64 of its IPv6 address, in which it may choose any (RFC 8981).
 * Undefined for what is no IP address, such as the path of a Unix socket.
 */
export function clientNetwork(address: string): string | undefined {
  const octets = addressOctets(address)
  if (octets === undefined || octets.length === 4) return octets?.join('.')
  const groups = [0, 2, 4, 6].map((at) => (((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)).toString(16))
  return `${groups.join(':')}::/64`
}
