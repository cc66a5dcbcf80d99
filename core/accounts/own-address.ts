import { UnavailableError } from '../errors.ts'
import type { DeliveryFlow } from '../flow/flow.ts'
import type { Account } from '../model/account.ts'
import { type Address, formatAddress, sameAddress } from '../model/address/address.ts'
import { isTransient } from '../model/reply.ts'

/**
 * Whether an address is an account's own: mail for it reaches the account, by any alias, catch-all or `+detail` that
 * somebody routes. Those who share an alias share the address. MAIL_E_UNAVAILABLE where nobody can tell now.
 */
export async function ownsAddress(
  account: Account,
  address: Address,
  delivery: Pick<DeliveryFlow, 'route'>,
): Promise<boolean> {
  if (sameAddress(account.address, address)) return true
  const routed = await delivery.route({ address, original: address })
  if (routed.ok)
    return routed.routes.some((each) => each.kind === 'account' && each.account.id === account.id)
  if (isTransient(routed.reply))
    throw new UnavailableError(`nobody can tell whose ${formatAddress(address)} is`)
  return false
}
