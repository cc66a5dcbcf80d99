import { MailwrightError } from '../errors.ts'
import { type Address, addressKey, formatAddress } from '../model/address/address.ts'
import type { AliasTarget } from '../services/accounts.ts'
import type { AccountsDirectory } from './directory.ts'
import { checkOwnAddresses } from './domain-rules.ts'
import { checkAddress, checkAliasAddress, checkExpiry } from './rules.ts'

/** Adds a target to an alias. MAIL_E_EXISTS, MAIL_E_NOT_FOUND (its domain), MAIL_E_INVALID. */
export function addAlias(
  directory: AccountsDirectory,
  given: Address,
  target: AliasTarget,
  now: number,
): void {
  const address = checkAliasAddress(given)
  const expiresAt = checkExpiry(target.expiresAt, now)
  const added: AliasTarget = { ...checkAddress(target), ...(expiresAt === undefined ? {} : { expiresAt }) }
  checkOwnAddresses(directory.requireDomain(address.domain))
  if (directory.record(address) !== undefined) throw exists(`the account ${formatAddress(address)}`)
  const same = directory.alias(address)?.targets.find((each) => addressKey(each) === addressKey(added))
  if (same !== undefined && !hasExpired(same, now))
    throw exists(`the alias ${formatAddress(address)} to ${formatAddress(added)}`)
  directory.putAlias({ address, targets: [added] })
}

/** Removes a target, or the whole alias. MAIL_E_NOT_FOUND for one that is not there. */
export function removeAlias(directory: AccountsDirectory, given: Address, target: Address | undefined): void {
  const address = checkAliasAddress(given)
  const gone = target && addressKey(checkAddress(target))
  const alias = directory.alias(address)
  const left = alias?.targets.filter((each) => gone !== undefined && addressKey(each) !== gone) ?? []
  if (alias === undefined || left.length === alias.targets.length)
    throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no alias ${formatAddress(address)}`)
  if (left.length === 0) directory.aliases.delete(addressKey(address))
  else directory.aliases.set(addressKey(address), { ...alias, targets: left })
}

/** Whether a target's time is over. */
export function hasExpired({ expiresAt }: AliasTarget, now: number): boolean {
  return expiresAt !== undefined && expiresAt.getTime() <= now
}

function exists(what: string): MailwrightError {
  return new MailwrightError('MAIL_E_EXISTS', `${what} exists already`)
}
