import {
  type AccessEntry,
  allRights,
  canonicalRights,
  type Rights,
  type RightsIdentifier,
} from '../model/rights.ts'
import { type Identity, identifiersOf, isNegative, meantBy, speaksOf } from './identifier.ts'

/**
 * What an account may do with a mailbox that has this list: everything that a line which speaks of it gives, without
 * what a line with `-` takes away, whatever their order (RFC 4314 §2). The owner has all rights, whatever the list says;
 * a public mailbox has no owner.
 */
export function effectiveRights(
  list: readonly AccessEntry[],
  account: Identity,
  owner: string | undefined,
): Rights {
  if (account.id === owner) return allRights
  const identifiers = identifiersOf(account)
  const about = list.filter(({ identifier }) => identifiers.has(meantBy(identifier)))
  const given = lettersOf(about.filter(({ identifier }) => !isNegative(identifier)))
  const taken = lettersOf(about.filter(({ identifier }) => isNegative(identifier)))
  return [...allRights].filter((letter) => given.has(letter) && !taken.has(letter)).join('')
}

/** What LISTRIGHTS answers (RFC 4314 §3.7). */
export interface GrantableRights {
  /** What the identifier always has. */
  readonly required: Rights
  /** What it can be given; letters of one text only together. `c` and `d` are among them. */
  readonly optional: readonly string[]
}

/**
 * What can be given to an identifier. No rights are tied together; the owner has all, and nothing can be given to it or
 * taken from it.
 */
export function grantableRights(identifier: RightsIdentifier, owner: Identity | undefined): GrantableRights {
  if (owner === undefined || !speaksOf(identifier, owner))
    return { required: '', optional: [...allRights, 'c', 'd'] }
  return { required: isNegative(identifier) ? '' : `${allRights}cd`, optional: [] }
}

function lettersOf(entries: readonly AccessEntry[]): ReadonlySet<string> {
  return new Set(entries.flatMap(({ rights }) => [...(canonicalRights(rights) ?? '')]))
}
