import type { ImapListDecoration } from 'mailwright'
import { listedMailbox } from '../list/choose.ts'
import { inOrder } from '../list/in-order.ts'
import { compareMailboxNames, type MailboxNames } from '../list/mailbox-names.ts'
import { tellStatusOf } from './mailbox-changes.ts'
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
  for (const name of gone) {
    known.delete(name)
    if (watched.isTold(name, 'MailboxName')) told.set(name, undefined)
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
    if (watched.isTold(name, 'MailboxName')) {
      if (oldName !== undefined) told.delete(oldName)
      told.set(name, oldName)
    }
    const hasNews = typeof status === 'object' && status.messages > 0 && oldName === undefined
    if (hasNews && watched.isTold(name, 'MessageNew')) tellStatusOf(watched, status)
  }
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
