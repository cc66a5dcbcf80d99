import { addressOctets, blockText } from 'mailwright'

/** All networks that an address is in. */
export function networksOf(address: string): readonly string[] {
  const octets = addressOctets(address)
  if (octets === undefined) return []
  return Array.from({ length: octets.length * 8 + 1 }, (_, prefix) => blockText(octets, prefix))
}
