import { type Address, addressKey } from '../model/address/address.ts'
import { checkDomain } from './rules.ts'

/** Sorted by address; those of one domain where it is named. MAIL_E_INVALID where it is none. */
export function sortedByAddress<Item extends { readonly address: Address }>(
  items: readonly Item[],
  domain: string | undefined,
): readonly Item[] {
  const only = domain === undefined ? undefined : checkDomain(domain)
  return items
    .filter((item) => only === undefined || item.address.domain === only)
    .map((item) => [addressKey(item.address), item] as const)
    .toSorted(([a], [b]) => compareTexts(a, b))
    .map(([, item]) => item)
}

/** By code units, so that every machine has the same order. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
