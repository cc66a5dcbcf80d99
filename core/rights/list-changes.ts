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

/** See `AccountStore.accessList`. The owner's line comes first: all rights, by its id. A public mailbox has none. */
export async function accessList(guard: AccessGuard, name: string): Promise<readonly AccessEntry[]> {
  const { owner, mailbox } = await administered(guard, name)
  const list = await guard.sharing.lists.read(owner.id, mailbox)
  return owner.isPublic ? list : [{ identifier: owner.id, rights: allRights }, ...list]
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
  await guard.sharing.lists.update(owner.id, mailbox, (list) => {
    const changed = withEntry(list, entry)
    if (owner.isPublic && hasAdministrator(list) && !hasAdministrator(changed))
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

/** A list after a line was set; without it where it gives no rights. MAIL_E_OVER_QUOTA beyond 1,000 lines. */
export function withEntry(
  list: readonly AccessEntry[],
  { identifier, rights }: AccessEntry,
): readonly AccessEntry[] {
  const others = list.filter((entry) => entry.identifier !== identifier)
  if (rights === '') return others
  if (others.length >= mostAccessEntries)
    throw new MailwrightError(
      'MAIL_E_OVER_QUOTA',
      `an access control list has ${mostAccessEntries} lines at most`,
    )
  // A line that changes keeps its place.
  const place = list.findIndex((entry) => entry.identifier === identifier)
  return others.toSpliced(place < 0 ? others.length : place, 0, { identifier, rights })
}

/** Whether somebody has the right `a` that no other line takes away. */
function hasAdministrator(list: readonly AccessEntry[]): boolean {
  const identifiers = list.filter(({ rights }) => rights.includes('a')).map((entry) => entry.identifier)
  const taken = new Set(identifiers.filter(isNegative).map(meantBy))
  const given = identifiers.filter((identifier) => !isNegative(identifier))
  return !taken.has(anyone) && given.some((identifier) => !taken.has(identifier))
}
