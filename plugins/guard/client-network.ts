import { addressOctets } from 'mailwright'

/** How many leading bits the addresses of one client, and those of its surroundings, have in common. */
export interface PrefixLengths {
  readonly ipv4: number
  readonly ipv6: number
}

/** The block of so many leading bits that an address is in, in one spelling: `192.0.2.0/24`, `2001:db8:0:0:0:0:0:0/64`. */
export function blockOf(octets: Uint8Array, prefix: number): string {
  const masked = octets.map((octet, index) => {
    const own = Math.min(8, Math.max(0, prefix - index * 8))
    return octet & ~(0xff >> own)
  })
  return `${addressText(masked)}/${prefix}`
}

/** The block that an address is in. Undefined for what is no IP address, such as the path of a Unix socket. */
export function networkOf(address: string, { ipv4, ipv6 }: PrefixLengths): string | undefined {
  const octets = addressOctets(address)
  return octets && blockOf(octets, octets.length === 4 ? ipv4 : ipv6)
}

/** RFC 4291 §2.2, all eight groups. */
function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.')
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0)).toString(16),
  )
  return groups.join(':')
}
