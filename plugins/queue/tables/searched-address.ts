import { type Address, formatAddress } from 'mailwright'
import type { Delivery } from './queued.ts'

const longest = 512

/** An address as it is searched for; the null reverse-path is `<>`. */
export function searchedAddress(address: Address | null): string {
  return address === null ? '<>' : formatAddress(address).toLowerCase().slice(0, longest)
}

/** Where an alias has led a recipient; null where that is the recipient itself. */
export function searchedTarget({ recipient, target }: Pick<Delivery, 'recipient' | 'target'>): string | null {
  const led = searchedAddress(target)
  return led === searchedAddress(recipient) ? null : led
}
