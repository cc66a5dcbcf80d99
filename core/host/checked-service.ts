import { MailwrightError } from '../errors.ts'
import { isAddress } from '../model/address/address-check.ts'
import { overlay } from '../overlay.ts'
import { type Accounts, accounts, type Resolution } from '../services/accounts.ts'
import type { ServiceKey } from '../services/key.ts'
import { store } from '../services/store.ts'

/**
 * A service as its users get it. Plugins may be plain JavaScript: what would be taken for something that it is not, such as
 * an answer of no kind for "nobody has that address", fails and names the provider. MAIL_E_SERVICE.
 */
export function checkedService(provider: string, key: ServiceKey<unknown>, service: unknown): unknown {
  if (typeof service !== 'object' || service === null) return service
  if (key.name === store.name) requireSupports(provider, key, service)
  return key.name === accounts.name ? checkedAccounts(provider, service as Accounts) : service
}

function requireSupports(provider: string, { name }: ServiceKey<unknown>, service: object): void {
  const { supports } = service as { readonly supports?: unknown }
  if (typeof supports === 'object' && supports !== null) return
  const problem = `${provider} provides "${name}" without \`supports\`, which says what it can do`
  throw new MailwrightError('MAIL_E_SERVICE', problem)
}

function checkedAccounts(provider: string, service: Accounts): Accounts {
  return overlay(service, {
    async resolve(address) {
      const found = await service.resolve(address)
      if (isResolution(found)) return found
      throw new MailwrightError('MAIL_E_SERVICE', `${provider} answered ${problemOf(found)} for an address`)
    },
  })
}

function isResolution(found: Resolution | null | undefined): boolean {
  switch (found?.kind) {
    case 'account':
      return typeof found.account?.id === 'string' && isAddress(found.account.address)
    case 'alias':
      return Array.isArray(found.addresses) && found.addresses.every(isAddress)
    case 'unknown':
    case 'foreign':
      return true
    default:
      return false
  }
}

function problemOf(found: Resolution | null | undefined): string {
  if (found?.kind !== 'account' || typeof found.account !== 'object' || found.account === null)
    return 'no account, alias, "unknown" or "foreign"'
  return typeof found.account.id === 'string'
    ? 'an account whose address is none'
    : 'an account whose id is no text'
}
