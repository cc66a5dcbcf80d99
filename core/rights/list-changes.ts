import { MailwrightError } from '../errors.ts'
import {
  type AccessEntry,
  allRights,
  canonicalRights,
  type Rights,
  type RightsIdentifier,
} from '../model/rights.ts'
import { type AccessGuard, type Located, mailboxNames, noSuchMailbox } from './access-guard.ts'
import { mostAccessEntries } from './access-list-file.ts'
import { anyone, canonicalIdentifier, isNegative, meantBy, speaksOf } from './identifier.ts'
import { type Subject, subjectOf, withAddresses } from './named-accounts.ts'

/** See `AccountStore.accessList`. */
export async function accessList(guard: AccessGuard, name: string): Promise<readonly AccessEntry[]> {
  const { owner, mailbox } = await administered(guard, name)
  const kept = await guard.sharing.lists.read(owner.id, mailbox)
  const list = await withAddresses(guard.sharing.finderOf(owner), kept)
  if (owner.isPublic) return list
  return [{ identifier: owner.id, rights: allRights, address: owner.store.account.address }, ...list]
}

/**
 * See `AccountStore.setAccess`. MAIL_E_INVALID for what is no identifier or no right, and for taking rights from the
 * owner or `a` from the last who has it on a public mailbox; MAIL_E_OVER_QUOTA for a list of more than 1,000 lines.
 */
export async function setAccess(
  guard: AccessGuard,
  name: string,
  identifier: RightsIdentifier,
  rights: Rights,
): Promise<void> {
  const entry = canonicalEntry(identifier, rights)
  const { owner, mailbox } = await administered(guard, name)
  if (!owner.isPublic && speaksOf(entry.identifier, owner.store.account)) return keepOwner(entry)
  const subject = await subjectOf(guard.sharing.finderOf(owner), entry.identifier)
  await guard.sharing.lists.update(owner.id, mailbox, (list) => {
    const changed = withEntry(list, subject, entry.rights)
    if (owner.isPublic && hasAdministrator(list, subject) && !hasAdministrator(changed, subject))
      throw new MailwrightError(
        'MAIL_E_INVALID',
        'nobody could change the access rights of the mailbox any more',
      )
    return changed
  })
}

/** A mailbox that exists and whose list this account may see and change. */
async function administered(guard: AccessGuard, name: string): Promise<Located> {
  const located = await guard.find(name)
  await guard.demand(located, 'administer')
  if (!(await mailboxNames(located.owner.store)).has(located.mailbox)) throw noSuchMailbox()
  return located
}

/** The owner's rights are what they are: to give all of them changes nothing, everything else is refused. */
function keepOwner({ identifier, rights }: AccessEntry): void {
  if (isNegative(identifier) ? rights !== '' : rights !== allRights)
    throw new MailwrightError('MAIL_E_INVALID', 'the owner of a mailbox has all rights')
}

/** A line as it is kept. MAIL_E_INVALID for what is no identifier or no right. */
export function canonicalEntry(identifier: RightsIdentifier, rights: Rights): AccessEntry {
  const meant = canonicalIdentifier(identifier)
  const wanted = canonicalRights(rights)
  if (wanted !== undefined) return { identifier: meant, rights: wanted }
  throw new MailwrightError('MAIL_E_INVALID', `not rights: ${JSON.stringify(rights.slice(0, 100))}`)
}

/**
 * A list after a line was set in place of all that speak of the same account; without it where it gives no rights.
 * MAIL_E_OVER_QUOTA beyond 1,000 lines.
 */
export function withEntry(
  list: readonly AccessEntry[],
  { identifier, spellings }: Subject,
  rights: Rights,
): readonly AccessEntry[] {
  const others = list.filter((entry) => !spellings.has(entry.identifier))
  if (rights === '') return others
  if (others.length >= mostAccessEntries)
    throw new MailwrightError(
      'MAIL_E_OVER_QUOTA',
      `an access control list has ${mostAccessEntries} lines at most`,
    )
  // A line that changes keeps its place.
  const place = list.findIndex((entry) => spellings.has(entry.identifier))
  return others.toSpliced(place < 0 ? others.length : place, 0, { identifier, rights })
}

/** Whether somebody has the right `a` that no other line takes away. Lines may call the subject differently. */
function hasAdministrator(list: readonly AccessEntry[], { identifier, spellings }: Subject): boolean {
  const names = new Set([...spellings].map(meantBy))
  const nameIn = (entry: AccessEntry): RightsIdentifier => {
    const meant = meantBy(entry.identifier)
    return names.has(meant) ? meantBy(identifier) : meant
  }
  const entries = list.filter(({ rights }) => rights.includes('a'))
  const taken = new Set(entries.filter((entry) => isNegative(entry.identifier)).map(nameIn))
  const given = entries.filter((entry) => !isNegative(entry.identifier)).map(nameIn)
  return !taken.has(anyone) && given.some((identifier) => !taken.has(identifier))
}
