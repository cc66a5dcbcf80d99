import { addressOctets, addressText } from './network.ts'

/** How many leading bits the addresses of one client have in common. */
export interface PrefixLengths {
  readonly ipv4: number
  readonly ipv6: number
}

/** The block of so many leading bits that an address is in, as text in one spelling: `192.0.2.0/24`, `2001:db8::/64`. */
export function blockText(octets: Uint8Array, prefix: number): string {
  const masked = octets.map((octet, index) => {
    const own = Math.min(8, Math.max(0, prefix - index * 8))
    return octet & ~(0xff >> own)
  })
  return `${addressText(masked)}/${prefix}`
}

/** The block that an address is in. Undefined for what is no IP address, such as the path of a Unix socket. */
export function blockOf(address: string, { ipv4, ipv6 }: PrefixLengths): string | undefined {
  const octets = addressOctets(address)
  return octets && blockText(octets, octets.length === 4 ? ipv4 : ipv6)
}
