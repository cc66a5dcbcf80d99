import type { Account } from '../model/account.ts'
import { parseAddress } from '../model/address/address.ts'
import { type AccessEntry, allRights, type Rights, type RightsIdentifier } from '../model/rights.ts'
import type { Accounts } from '../services/accounts.ts'
import { addressIdentifier, anyone, identifierFor, isNegative, meantBy, speaksOf } from './identifier.ts'

/** Finds the account that a canonical identifier speaks of by name. */
export type FindAccount = (identifier: RightsIdentifier) => Promise<Account | undefined>

/** Whom an identifier speaks of. */
export interface Subject {
  /** What a list should hold: an account's id, where there is such an account. */
  readonly identifier: RightsIdentifier
  /** Everything that a list may hold for it. */
  readonly spellings: ReadonlySet<RightsIdentifier>
  readonly account: Account | undefined
}

/** Finds accounts by their ids, and by their addresses where there is `resolve`. */
export function accountFinder(byId: Accounts['byId'], resolve: Accounts['resolve'] | undefined): FindAccount {
  return async (identifier) => {
    const meant = meantBy(identifier)
    if (meant === anyone) return undefined
    const address = parseAddress(meant)
    const found = address === undefined ? undefined : await resolve?.(address)
    const account = found?.kind === 'account' ? found.account : await byId(meant)
    // An address with a detail, or of an alias domain, leads to an account that no line with it would speak of.
    return account !== undefined && speaksOf(identifier, account) ? account : undefined
  }
}

/** Whom a canonical identifier speaks of. Rights that are taken away have spellings of their own. */
export async function subjectOf(find: FindAccount, identifier: RightsIdentifier): Promise<Subject> {
  const account = await find(identifier)
  if (account === undefined) return { identifier, spellings: new Set([identifier]), account }
  const mark = isNegative(identifier) ? '-' : ''
  const kept = mark + identifierFor(account)
  const spellings = new Set([identifier, kept, mark + addressIdentifier(account.address)])
  return { identifier: kept, spellings, account }
}

/**
 * A list with each account once, by its id and with the address that it has now. Lines that call one account differently
 * count together, and so they are shown.
 */
export async function withAddresses(
  find: FindAccount,
  list: readonly AccessEntry[],
): Promise<readonly AccessEntry[]> {
  const entries = new Map<RightsIdentifier, AccessEntry>()
  for (const entry of list) {
    const { identifier, account } = await subjectOf(find, entry.identifier)
    const rights = bothRights(entries.get(identifier)?.rights ?? '', entry.rights)
    entries.set(identifier, { identifier, rights, ...(account && { address: account.address }) })
  }
  return [...entries.values()]
}

function bothRights(some: Rights, others: Rights): Rights {
  return [...allRights].filter((right) => some.includes(right) || others.includes(right)).join('')
}
