import type { AccessEntry, RightsIdentifier } from 'mailwright'
import { addressIdentifier, isNegative } from 'mailwright/rights'

/** What a line is called for clients: an account by its address, where that is known. */
export function shownIdentifier({ identifier, address }: AccessEntry): RightsIdentifier {
  if (address === undefined) return identifier
  return (isNegative(identifier) ? '-' : '') + addressIdentifier(address)
}
