import { MailwrightError } from '../errors.ts'
import type { Domain, DomainChange, DomainSettings } from '../services/accounts.ts'
import { checkDomain, checkQuota, invalid } from './rules.ts'

const MAX_ACCOUNTS = 1_000_000_000

/** What counts for a domain's limits. */
export interface DomainUse {
  readonly accounts: number
  readonly accountsWithoutQuota: number
  /** The sum of the accounts' quotas. */
  readonly quotaBytes: number
}

/** A domain's settings in canonical form, without what says nothing. MAIL_E_INVALID. */
export function checkDomainSettings(settings: DomainChange): DomainSettings {
  const { aliasOf, maxAccounts, disabled } = settings
  const quotaBytes = checkQuota(settings.quotaBytes)
  if (
    maxAccounts !== undefined &&
    !(Number.isInteger(maxAccounts) && maxAccounts >= 0 && maxAccounts <= MAX_ACCOUNTS)
  )
    return invalid('is no number of accounts', String(maxAccounts))
  if (aliasOf !== undefined && (quotaBytes ?? maxAccounts) !== undefined)
    return invalid('is an alias domain: it has no accounts that could be limited', aliasOf)
  return {
    ...(aliasOf === undefined ? {} : { aliasOf: checkDomain(aliasOf) }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(maxAccounts === undefined ? {} : { maxAccounts }),
    ...(disabled === true ? { disabled } : {}),
  }
}

/** The settings of a domain after a change. MAIL_E_INVALID. */
export function changedSettings({ name: _, ...settings }: Domain, change: DomainChange): DomainSettings {
  return checkDomainSettings({ ...settings, ...change })
}

/** Whether what an alias domain is to stand for can be stood for. MAIL_E_NOT_FOUND, MAIL_E_INVALID. */
export function checkAliasTarget(name: string, aliasOf: string, target: Domain | undefined): void {
  if (name === aliasOf) invalid('cannot be an alias of itself', name)
  if (target === undefined) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no domain ${aliasOf}`)
  if (target.aliasOf !== undefined) invalid('is an alias domain itself', aliasOf)
}

/** Whether a domain may have accounts and aliases of its own. MAIL_E_INVALID for an alias domain. */
export function checkOwnAddresses({ name, aliasOf }: Domain): void {
  if (aliasOf !== undefined) invalid(`is an alias domain: its addresses are those of ${aliasOf}`, name)
}

/** MAIL_E_OVER_QUOTA where a domain's accounts go beyond its limits. */
export function checkDomainLimits({ name, quotaBytes, maxAccounts }: Domain, use: DomainUse): void {
  if (maxAccounts !== undefined && use.accounts > maxAccounts)
    throw over(`the domain ${name} may have ${maxAccounts} accounts`)
  if (quotaBytes === undefined) return
  if (use.accountsWithoutQuota > 0)
    throw over(`every account of ${name} needs a quota, for the domain has one`)
  if (use.quotaBytes > quotaBytes)
    throw over(`the quotas of ${name} may come to ${quotaBytes} octets, and would come to ${use.quotaBytes}`)
}

function over(text: string): MailwrightError {
  return new MailwrightError('MAIL_E_OVER_QUOTA', text)
}
