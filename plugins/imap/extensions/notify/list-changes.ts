import type { ImapListDecoration } from 'mailwright/imap'
import { listedMailbox } from '../list/choose.ts'
import { inOrder } from '../list/in-order.ts'
import { compareMailboxNames, type MailboxNames } from '../list/mailbox-names.ts'
import { losesAccess, tellDenied, tellStatusOf } from './mailbox-changes.ts'
import { tellMailbox } from './responses.ts'
import type { StatusFound, WatchedMailboxes } from './watched-mailboxes.ts'

/** Mailboxes that are looked at at the same time. */
export const atOnce = 16

/** Names to be told of, with what those that were renamed were called before. */
type Told = Map<string, string | undefined>

/** Tells which mailboxes have come, gone, got another name, or were subscribed (RFC 5465 §5.4, §5.5). */
export async function tellListChanges(
  watched: WatchedMailboxes,
  decorations: readonly ImapListDecoration[],
): Promise<void> {
  const before = watched.subscribed
  const names = await watched.names()
  const told: Told = new Map()
  await noteNames(watched, names, before, told)
  noteChildren(watched, names, told)
  noteSubscriptions(watched, before, told)
  for (const name of [...told.keys()].sort(compareMailboxNames)) {
    await tellMailbox(watched.session, decorations, listedMailbox(name, names), told.get(name))
    await watched.session.out.ready()
  }
}

/** What has come, and what has gone; both at once is another name, which the id tells. */
async function noteNames(
  watched: WatchedMailboxes,
  names: MailboxNames,
  before: ReadonlySet<string>,
  told: Told,
): Promise<void> {
  const { known } = watched
  const gone = [...known.keys()].filter((name) => !names.infos.has(name))
  const goneById = new Map(gone.map((name) => [known.get(name)?.id, name]))
  const deleted = new Set(gone)
  for (const name of gone) {
    if (watched.isTold(name, 'MailboxName')) told.set(name, undefined)
    else if (known.get(name)?.status !== undefined && losesAccess(watched, name)) tellDenied(watched, name)
    known.delete(name)
  }
  const fresh = watched.wantedOf(names).filter((name) => !known.has(name))
  const look = async (name: string): Promise<readonly [string, StatusFound]> => [
    name,
    await watched.learn(name, names),
  ]
  for await (const [name, status] of inOrder(fresh, atOnce, look)) {
    // One that was only subscribed has not come: the client is told of the subscription, if it wants to be.
    if (watched.eventsOf(name, before).size === 0) continue
    const oldName = typeof status === 'object' ? goneById.get(status.id) : undefined
    if (oldName !== undefined) deleted.delete(oldName)
    noteFresh(watched, name, oldName, told)
    if (typeof status !== 'object') continue
    // RFC 5465 §5.9: it has got it back.
    if (watched.denied.delete(name)) told.set(name, oldName)
    const hasNews = status.messages > 0 && oldName === undefined
    if (hasNews && watched.isTold(name, 'MessageNew')) tellStatusOf(watched, status)
  }
  for (const name of deleted) noteParent(watched, name, told)
}

function noteFresh(watched: WatchedMailboxes, name: string, oldName: string | undefined, told: Told): void {
  if (!watched.isTold(name, 'MailboxName')) return
  if (oldName === undefined) {
    told.set(name, undefined)
    noteParent(watched, name, told)
    return
  }
  told.delete(oldName)
  if (!isBelowRenamed(name, oldName, told)) told.set(name, oldName)
}

/** RFC 5465 §5.4: the direct parent of what was made or deleted is told too, whether or not there is such a mailbox. */
function noteParent(watched: WatchedMailboxes, name: string, told: Told): void {
  const parent = name.slice(0, Math.max(0, name.lastIndexOf('/')))
  if (parent !== '' && !told.has(parent) && watched.isTold(parent, 'MailboxName')) told.set(parent, undefined)
}

/** RFC 5465 §5.4: what has another name because one above it has is not told of. */
function isBelowRenamed(name: string, oldName: string, told: Told): boolean {
  for (let end = name.lastIndexOf('/'); end > 0; end = name.lastIndexOf('/', end - 1)) {
    const oldLevel = told.get(name.slice(0, end))
    if (oldLevel !== undefined && oldLevel + name.slice(end) === oldName) return true
  }
  return false
}

/** Mailboxes below them have come, or the last one has gone. */
function noteChildren(watched: WatchedMailboxes, names: MailboxNames, told: Told): void {
  for (const [name, known] of watched.known) {
    const hasChildren = names.parents.has(name)
    if (hasChildren === known.hasChildren) continue
    known.hasChildren = hasChildren
    if (!told.has(name) && watched.isTold(name, 'MailboxName')) told.set(name, undefined)
  }
}

function noteSubscriptions(watched: WatchedMailboxes, before: ReadonlySet<string>, told: Told): void {
  const now = watched.subscribed
  const changed = [
    ...[...now].filter((name) => !before.has(name)),
    ...[...before].filter((name) => !now.has(name)),
  ]
  for (const name of changed) {
    const events = [watched.eventsOf(name), watched.eventsOf(name, before)]
    if (!told.has(name) && events.some((each) => each.has('SubscriptionChange'))) told.set(name, undefined)
  }
}
