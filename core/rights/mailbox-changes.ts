import { errorCode, MailwrightError } from '../errors.ts'
import { allRights, type Rights } from '../model/rights.ts'
import type { CreateOptions, StagedMessage } from '../services/store.ts'
import { type AccessGuard, denied, type Located, mailboxNames } from './access-guard.ts'
import type { AccessLists } from './access-lists.ts'
import { placeOf } from './mailbox-place.ts'
import { allows } from './operations.ts'

const inbox = 'INBOX'
// The list of the root of the public mailboxes. Own mailboxes of the first level have none to begin with.
const root = ''

/** See `AccountStore.createMailbox`. What is made begins with the list of the mailbox above (RFC 4314 §4). */
export async function createMailbox(
  guard: AccessGuard,
  name: string,
  options?: CreateOptions,
): Promise<void> {
  const located = await findNew(guard, name)
  await demandParent(guard, located)
  // Special uses are for the clients of the owner.
  if (located.space !== 'personal' && options?.specialUse !== undefined) throw denied()
  await createWithLists(guard.sharing.lists, located, options)
}

/** Makes a mailbox and the missing ones above it, each with the list of the one above it. */
export async function createWithLists(
  lists: AccessLists,
  located: Located,
  options?: CreateOptions,
): Promise<void> {
  const { owner, mailbox } = located
  requireMakeable(mailbox)
  if (!(await lists.has(owner.id))) return owner.store.createMailbox(mailbox, options)
  const former = await clearLists(lists, located)
  await owner.store.createMailbox(mailbox, options)
  await inheritLists(lists, located, former)
}

/** See `AccountStore.deleteMailbox`. */
export async function deleteMailbox(guard: AccessGuard, name: string): Promise<void> {
  const located = await guard.find(name)
  await guard.demand(located, 'delete')
  await deleteWithList(guard.sharing.lists, located)
}

/** Deletes a mailbox. The list goes with it. */
export async function deleteWithList(lists: AccessLists, located: Located): Promise<void> {
  const { owner } = located
  if (!(await lists.has(owner.id))) return owner.store.deleteMailbox(located.mailbox)
  const mailbox = await nameInStore(located)
  const list = mailbox === inbox ? [] : await lists.read(owner.id, mailbox)
  if (list.length > 0) await lists.removed(owner.id, [mailbox])
  try {
    await owner.store.deleteMailbox(mailbox)
  } catch (error) {
    if (list.length > 0 && errorCode(error) !== 'MAIL_E_NOT_FOUND')
      await lists.update(owner.id, mailbox, () => list)
    throw error
  }
}

/** See `AccountStore.renameMailbox`. Lists stay with their mailboxes (RFC 4314 §4). */
export async function renameMailbox(guard: AccessGuard, from: string, to: string): Promise<void> {
  const source = await guard.find(from)
  await guard.demand(source, 'rename')
  const target = await findNew(guard, to)
  const { owner } = source
  if (target.owner.id !== owner.id)
    throw new MailwrightError('MAIL_E_INVALID', 'a mailbox cannot be renamed to one of another owner')
  const ofInbox = source.mailbox === inbox
  await demandParent(guard, target)
  requireMakeable(target.mailbox)
  // It would take every message out of another's inbox (RFC 9051 §6.3.6).
  if (ofInbox && source.space !== 'personal') throw denied()
  const { lists } = guard.sharing
  if (!(await lists.has(owner.id))) return owner.store.renameMailbox(source.mailbox, target.mailbox)
  const oldName = await nameOrLevel(source)
  const former = await clearLists(lists, target)
  await owner.store.renameMailbox(oldName, target.mailbox)
  const name = await nameOrLevel(target)
  if (!ofInbox) await lists.renamed(owner.id, oldName, name)
  await inheritAlong(lists, { ...target, mailbox: name }, ofInbox ? former : new Set([...former, name]))
}

/** Whether a mailbox may have to be made that has a list to begin with, or one left over. */
export async function mayNeedList(lists: AccessLists, { owner, space, mailbox }: Located): Promise<boolean> {
  if (mailbox === inbox) return false
  return space !== 'personal' || (await lists.has(owner.id))
}

/** Whether a message that is staged will have to make its mailbox. */
export async function isMissing({ owner, mailbox }: Located): Promise<boolean> {
  return !(await mailboxNames(owner.store)).has(mailbox)
}

/** A staged message that may have to make its mailbox. What it makes begins with the list of the mailbox above it too. */
export function stagedWithLists(lists: AccessLists, located: Located, staged: StagedMessage): StagedMessage {
  return {
    ...(staged.prepare !== undefined && {
      async prepare() {
        const former = await clearLists(lists, located)
        await staged.prepare?.()
        if (!former.has(located.mailbox)) await inheritLists(lists, located, former)
      },
    }),
    async commit() {
      const former = await clearLists(lists, located)
      await staged.commit()
      if (former.has(located.mailbox)) return
      // The message is there for good, so this must not say anything else: without a list only the owner sees it.
      await inheritLists(lists, located, former).catch(() => undefined)
    },
    abort: () => staged.abort(),
  }
}

/**
 * Demands the right `k` on the nearest existing parent (RFC 4314 §4) and answers all rights that the account has there.
 * Always MAIL_E_PERMISSION, so that nothing is told of what exists. Beside the mailboxes of somebody else nobody can make
 * others.
 */
export async function demandParent(guard: AccessGuard, located: Located): Promise<Rights> {
  if (located.space === 'personal') return allRights
  const existing = await mailboxNames(located.owner.store)
  let parent = levelAbove(located.mailbox)
  while (parent !== root && !existing.has(parent)) parent = levelAbove(parent)
  if (parent === root && located.space !== 'shared') throw denied()
  const rights = await guard.rightsTo({ ...located, mailbox: parent })
  if (!allows(rights, 'createBelow')) throw denied()
  return rights
}

/**
 * Where a mailbox is to be made. MAIL_E_INVALID for a name that none can have; MAIL_E_PERMISSION below somebody who has
 * opened nothing to this account, whether or not there is such an account.
 */
export async function findNew(guard: AccessGuard, name: string): Promise<Located> {
  const located = await guard.locate(name)
  if (located !== undefined) return located
  if (placeOf(name).space !== 'nowhere') throw denied()
  throw new MailwrightError('MAIL_E_INVALID', 'no mailbox can have this name')
}

/**
 * MAIL_E_INVALID for a name with a level `.` or `..`: clients that keep mailboxes as directories take it for an attack (mbsync stops altogether).
 * What has such a name already can be used, renamed and deleted.
 */
export function requireMakeable(mailbox: string): void {
  if (mailbox.split('/').some((level) => level === '.' || level === '..'))
    throw new MailwrightError('MAIL_E_INVALID', 'no level of a mailbox can be called "." or ".."')
}

/** Takes care that no list is left over where a mailbox is to be made, and answers which mailboxes there are. */
async function clearLists(lists: AccessLists, { owner, mailbox }: Located): Promise<ReadonlySet<string>> {
  const existing = await mailboxNames(owner.store)
  await lists.removed(
    owner.id,
    [...levelsOf(mailbox)].filter((name) => !existing.has(name)),
  )
  return existing
}

/** Gives a mailbox that was made, and those above it that were not there before, the lists of those above them. */
async function inheritLists(
  lists: AccessLists,
  located: Located,
  former: ReadonlySet<string>,
): Promise<void> {
  await inheritAlong(lists, { ...located, mailbox: await nameInStore(located) }, former)
}

/** The same where the name is the store's own. */
async function inheritAlong(
  lists: AccessLists,
  { owner, space, mailbox: name }: Located,
  former: ReadonlySet<string>,
): Promise<void> {
  for (const mailbox of levelsOf(name)) {
    if (former.has(mailbox)) continue
    const parent = levelAbove(mailbox)
    const list = parent === root && space !== 'shared' ? [] : await lists.read(owner.id, parent)
    const leftOver = await lists.read(owner.id, mailbox)
    if (list.length > 0 || leftOver.length > 0) await lists.update(owner.id, mailbox, () => list)
  }
}

/**
 * What the store itself calls a mailbox. It may know one by several spellings; a list under another than its own would
 * outlive it, and would open whatever comes to be there.
 */
async function nameInStore({ owner, mailbox }: Located): Promise<string> {
  return (await owner.store.status(mailbox)).name
}

/** The same, and of a level that is no mailbox what it is called here. */
async function nameOrLevel(located: Located): Promise<string> {
  try {
    return await nameInStore(located)
  } catch (error) {
    if (errorCode(error) !== 'MAIL_E_NOT_FOUND') throw error
    return located.mailbox
  }
}

/** A mailbox and those above it, the highest first. */
function* levelsOf(mailbox: string): Generator<string> {
  for (let end = mailbox.indexOf('/'); end >= 0; end = mailbox.indexOf('/', end + 1))
    yield mailbox.slice(0, end)
  yield mailbox
}

/** The mailbox above another one; the root above those of the first level. */
function levelAbove(mailbox: string): string {
  return mailbox.slice(0, Math.max(0, mailbox.lastIndexOf('/')))
}
