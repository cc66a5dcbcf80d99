import { type Address, formatAddress, parseAddress } from './address.ts'

/**
 * Whether a value is an address as the parsers make them: canonical domain, a local part that can be written. For what
 * plugins hand over, which ends up in commands and header fields. The bare `postmaster` (RFC 5321 §4.1.1.3) is one too.
 */
export function isAddress(value: unknown): value is Address {
  if (typeof value !== 'object' || value === null) return false
  const { localPart, domain } = value as Partial<Address>
  if (typeof localPart !== 'string' || typeof domain !== 'string') return false
  if (domain === '') return localPart.toLowerCase() === 'postmaster'
  // No address is longer in any spelling, and what is longer is not worth writing out.
  if (localPart.length > 1024 || domain.length > 1024) return false
  const read = parseAddress(formatAddress({ localPart, domain }))
  return read?.localPart === localPart && read.domain === domain
}
