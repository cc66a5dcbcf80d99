import { addressOctets, canonicalDomain } from 'mailwright'

/** The network of so many leading bits around an address, in the one form in which it is stored: `192.0.2.0/24`. */
export function networkText(octets: Uint8Array, prefix: number): string {
  const masked = octets.map((octet, index) => {
    const own = Math.min(8, Math.max(0, prefix - index * 8))
    return octet & (0xff << (8 - own)) & 0xff
  })
  return `${masked.length === 4 ? masked.join('.') : ipv6Text(masked)}/${prefix}`
}

/** All networks that an address is in. */
export function networksOf(address: string): readonly string[] {
  const octets = addressOctets(address)
  if (octets === undefined) return []
  return Array.from({ length: octets.length * 8 + 1 }, (_, prefix) => networkText(octets, prefix))
}

function ipv6Text(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((octets[index * 2] ?? 0) << 8) | (octets[index * 2 + 1] ?? 0)).toString(16),
  )
  // The model knows the one short form of an address.
  return (canonicalDomain(`[IPv6:${groups.join(':')}]`) ?? '').replace(/^\[IPv6:|\]$/g, '')
}
