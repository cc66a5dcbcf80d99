import { MailwrightError } from '../../errors.ts'
import { type Address, addressKey, formatAddress } from '../../model/address/address.ts'
import type { Accounts } from '../../services/accounts.ts'

/**
 * MAIL_E_INVALID where an alias with one more target would lead back to itself and to nobody else: its mail could only be
 * refused. To itself beside others is good. A catch-all may come before the accounts that it leads to.
 */
export async function refuseCircle(service: Accounts, alias: Address, target: Address): Promise<void> {
  if (alias.localPart === '') return
  const seen = new Set([addressKey(alias)])
  const pending = [target, ...((await targetsOf(service, alias)) ?? [])]
  for (const named of pending) {
    const address = await ownAddress(service, named)
    if (seen.has(addressKey(address))) continue
    seen.add(addressKey(address))
    const targets = await targetsOf(service, address)
    if (targets === undefined) return
    pending.push(...targets)
  }
  const between = seen.size === 1 ? '' : ', by way of others,'
  throw new MailwrightError(
    'MAIL_E_INVALID',
    `${formatAddress(alias)} would lead${between} to itself alone: mail for it could only be refused`,
  )
}

/** Undefined where the address is no alias: the way ends there. */
async function targetsOf(service: Accounts, address: Address): Promise<readonly Address[] | undefined> {
  const found = await service.resolve(address)
  return found.kind === 'alias' && found.via === 'alias' ? found.addresses : undefined
}

/** What an address of an alias domain stands for. */
async function ownAddress(service: Accounts, address: Address): Promise<Address> {
  const domain = await service.domain(address.domain)
  return domain?.aliasOf === undefined ? address : { ...address, domain: domain.aliasOf }
}
