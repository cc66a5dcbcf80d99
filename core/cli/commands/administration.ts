import { userInfo } from 'node:os'
import { checkDomain } from '../../accounts/rules.ts'
import { errorCode, MailwrightError } from '../../errors.ts'
import { type AccountHint, tellAccountChange } from '../../flow/account-hint.ts'
import type { Account } from '../../model/account.ts'
import { type Address, formatAddress, sameAddress } from '../../model/address/address.ts'
import { type Accounts, type AccountsAdministration, accounts } from '../../services/accounts.ts'
import { notifier } from '../../services/notifier.ts'
import { type CliContext, withHost } from '../context.ts'
import { requireMeantRoles } from './meant-roles.ts'

/** What a command may use beside the administration. */
interface Surroundings {
  readonly service: Accounts
  /** See {@link requireMeantRoles}. */
  requireMeant(roles: readonly string[]): void
  /** Makes a change of an account, or of many, and tells the server, where it runs, whose sessions are to be looked at. */
  changing<T>(
    address: Address | undefined,
    change: () => Promise<T>,
    end?: Pick<AccountHint, 'end' | 'appPassword'>,
  ): Promise<T>
}

/** Runs something with the administration of the config's accounts, acting as the user of the operating system. */
export function withAdministration<T>(
  context: CliContext,
  run: (administration: AccountsAdministration, surroundings: Surroundings) => Promise<T>,
): Promise<T> {
  return withHost(context, async (host) => {
    const service = host.service(accounts)
    const { administration, supports } = service
    if (administration === undefined) {
      throw new MailwrightError(
        'MAIL_E_UNSUPPORTED',
        'the accounts of this config cannot be changed from here',
      )
    }
    if (!supports.persistent) {
      throw new MailwrightError(
        'MAIL_E_UNSUPPORTED',
        'the accounts of this config live in the memory of the server; a command cannot change them',
      )
    }
    const hints = host.service(notifier)
    return run(administration.actingAs(actor()), {
      service,
      requireMeant: (roles) => requireMeantRoles(roles, host.rolesListenedFor),
      async changing(address, change, end = {}) {
        // Afterwards it may be nobody's address.
        const account = address && (await findAccount(service, address))
        const changed = await change()
        if (account !== undefined) tellAccountChange(hints, { account: account.id, ...end })
        else if (address === undefined) tellAccountChange(hints, {})
        return changed
      },
    })
  })
}

/** Who is at the keyboard, for the audit trail: `cli:root`. */
function actor(): string {
  try {
    return `cli:${userInfo().username}`
  } catch {
    // A user of a container may have a number and no name.
    return `cli:${process.getuid?.() ?? 'unknown'}`
  }
}

/** MAIL_E_NOT_FOUND where a domain is named that is not ours: an empty list would say that all is well. */
export async function requireDomain(service: Accounts, domain: string | undefined): Promise<void> {
  if (domain === undefined || (await service.domain(checkDomain(domain))) !== undefined) return
  throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no domain ${domain}`)
}

/** The account of exactly that address. MAIL_E_NOT_FOUND. */
export async function existingAccount(service: Accounts, address: Address): Promise<Account> {
  const account = await findAccount(service, address)
  if (account !== undefined) return account
  throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no account ${formatAddress(address)}`)
}

/** The same; undefined where there is none. */
export async function findAccount(service: Accounts, address: Address): Promise<Account | undefined> {
  const found = await service.resolve(address)
  return found.kind === 'account' && sameAddress(found.account.address, address) ? found.account : undefined
}

/** What can be said of an idempotent change: `--if-missing`, `--if-exists`. */
export async function unless(
  code: 'MAIL_E_EXISTS' | 'MAIL_E_NOT_FOUND',
  tolerated: boolean,
  change: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await change()
    return true
  } catch (error) {
    if (tolerated && errorCode(error) === code) return false
    throw error
  }
}
