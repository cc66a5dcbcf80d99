import { blockOf } from 'mailwright'

/**
 * What one client is known by: its IPv4 address, or the /64 of its IPv6 address, in which it may choose any (RFC 8981).
 * Undefined for what is no IP address, such as the path of a Unix socket.
 */
export function clientNetwork(address: string): string | undefined {
  return blockOf(address, { ipv4: 32, ipv6: 64 })?.replace(/\/32$/, '')
}
