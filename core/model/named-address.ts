import { type Address, formatAddress } from './address.ts'

/** Whether a list of local parts (which count at every domain) and whole addresses, in lower case, names an address. */
export function namesAddress(names: readonly string[], address: Address): boolean {
  return [address.localPart, formatAddress(address)].some((text) => names.includes(text.toLowerCase()))
}
