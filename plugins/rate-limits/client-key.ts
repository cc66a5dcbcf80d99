import { addressOctets } from 'mailwright'
import type { RateLimitsOptions } from './options.ts'

/** One word for all addresses that share so many leading bits. Undefined for what is no IP address, such as the path of a Unix socket. */
export function clientKey(
  address: string,
  { ipv4Prefix, ipv6Prefix }: Pick<RateLimitsOptions, 'ipv4Prefix' | 'ipv6Prefix'>,
): string | undefined {
  const octets = addressOctets(address)
  if (octets === undefined) return undefined
  const bits = octets.length === 4 ? ipv4Prefix : ipv6Prefix
  const masked = octets.map((octet, index) => {
    const own = Math.min(8, Math.max(0, bits - index * 8))
    return octet & ~(0xff >> own)
  })
  return Buffer.from(masked).toString('hex')
}
