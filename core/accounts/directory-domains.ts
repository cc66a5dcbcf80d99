import { MailwrightError } from '../errors.ts'
import type { Domain, DomainChange, DomainSettings } from '../services/accounts.ts'
import type { AccountsDirectory } from './directory.ts'
import { changedSettings, checkAliasTarget, checkDomainLimits, checkDomainSettings } from './domain-rules.ts'
import { checkDomain } from './rules.ts'

/** Adds a domain to a directory. MAIL_E_EXISTS, MAIL_E_NOT_FOUND (`aliasOf`), MAIL_E_INVALID. */
export function addDomain(directory: AccountsDirectory, name: string, settings: DomainSettings): Domain {
  const domain = { name: checkDomain(name), ...checkDomainSettings(settings) }
  if (directory.domains.has(domain.name))
    throw new MailwrightError('MAIL_E_EXISTS', `the domain ${domain.name} exists already`)
  put(directory, domain)
  return domain
}

/** Changes a domain. MAIL_E_OVER_QUOTA where its accounts go beyond a new limit, MAIL_E_IN_USE for an alias domain. */
export function updateDomain(directory: AccountsDirectory, name: string, change: DomainChange): Domain {
  const before = directory.requireDomain(checkDomain(name))
  const domain = { name: before.name, ...changedSettings(before, change) }
  checkDomainLimits(domain, directory.useOf(domain.name))
  if (domain.aliasOf !== undefined && domain.aliasOf !== before.aliasOf) requireUnused(directory, domain.name)
  put(directory, domain)
  return domain
}

/** Removes a domain. MAIL_E_IN_USE while something belongs to it. */
export function removeDomain(directory: AccountsDirectory, name: string): void {
  const domain = directory.requireDomain(checkDomain(name))
  requireUnused(directory, domain.name)
  directory.domains.delete(domain.name)
}

function put(directory: AccountsDirectory, domain: Domain): void {
  const { name, aliasOf } = domain
  if (aliasOf !== undefined) checkAliasTarget(name, aliasOf, directory.domains.get(aliasOf))
  directory.domains.set(name, domain)
}

function requireUnused(directory: AccountsDirectory, name: string): void {
  const isUsed =
    [...directory.records].some(({ account }) => account.address.domain === name) ||
    [...directory.aliases.values()].some(({ address }) => address.domain === name) ||
    [...directory.domains.values()].some(({ aliasOf }) => aliasOf === name)
  if (isUsed)
    throw new MailwrightError(
      'MAIL_E_IN_USE',
      `the domain ${name} still has accounts, aliases or alias domains`,
    )
}
