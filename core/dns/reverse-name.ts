import { addressOctets } from '../model/network.ts'

/** The name under which the names of an IP address are (RFC 1035 §3.5, RFC 3596 §2.5). Undefined for what is none. */
export function addressQuestion(address: string): string | undefined {
  const octets = addressOctets(address)
  if (octets === undefined) return undefined
  const bytes = [...octets].reverse()
  if (bytes.length === 4) return `${bytes.join('.')}.in-addr.arpa`
  return `${bytes.flatMap((octet) => [octet & 15, octet >> 4].map((half) => half.toString(16))).join('.')}.ip6.arpa`
}
