import type { MailboxStatus } from 'mailwright'
import type { AnnotatedMailbox, OwnChange, StoredMessages } from '../../engine/own-changes.ts'
import { mailboxNames } from '../list/mailbox-names.ts'
import { serverAnnotations } from '../metadata/kept.ts'
import { digested, type KnownAnnotations } from './annotations.ts'
import type { WatchedMailboxes } from './watched-mailboxes.ts'

/** Takes what the client has done itself for what it knows: it is not told of that (RFC 5465 §5). */
export async function takeOwn(watched: WatchedMailboxes, change: OwnChange): Promise<void> {
  const { stored, annotated } = change
  if (stored !== undefined) await takeStored(watched, stored)
  else if (annotated !== undefined) await takeAnnotated(watched, annotated)
  else await takeNames(watched, change)
}

/** What others have done to the list meanwhile is not looked at. */
async function takeNames(watched: WatchedMailboxes, change: OwnChange): Promise<void> {
  const { gone, come, subscribed, unsubscribed } = change
  const { known } = watched
  const names = await mailboxNames(watched.session)
  if (watched.groups.areOfSubscriptions)
    watched.subscribed = changedNames(watched.subscribed, subscribed, unsubscribed)
  const arrived = come ?? subscribed
  const isOwn = (name: string): boolean => arrived !== undefined && areRelated(name, arrived)
  if (gone !== undefined)
    for (const name of [...known.keys()])
      if (isWithin(name, gone) && !names.infos.has(name)) known.delete(name)
  for (const name of names.infos.keys())
    if (isOwn(name) && !known.has(name) && watched.eventsOf(name).size > 0) await watched.learn(name, names)
  for (const [name, mailbox] of known)
    if (isOwn(name) || (gone !== undefined && isWithin(gone, name)))
      mailbox.hasChildren = names.parents.has(name)
}

function changedNames(
  names: ReadonlySet<string>,
  added: string | undefined,
  removed: string | undefined,
): ReadonlySet<string> {
  const changed = new Set(names)
  if (added !== undefined) changed.add(added)
  if (removed !== undefined) changed.delete(removed)
  return changed
}

/** Where others have changed something too, the client is told of all of it. */
async function takeStored(watched: WatchedMailboxes, { mailbox, uids }: StoredMessages): Promise<void> {
  const known = watched.known.get(mailbox)
  if (known?.status === undefined) return
  const now = await watched.statusOf(mailbox)
  if (typeof now === 'object' && areOnlyStored(uids.length, known.status, now)) known.status = now
}

/** A store counts one change for all of the messages, or one for each. */
function areOnlyStored(count: number, before: MailboxStatus, now: MailboxStatus): boolean {
  const changes = now.highestModSequence - before.highestModSequence
  return (
    now.uidValidity === before.uidValidity &&
    now.messages === before.messages + count &&
    now.uidNext === before.uidNext + count &&
    (changes <= 1 || changes === count)
  )
}

async function takeAnnotated(
  watched: WatchedMailboxes,
  { mailbox, entries }: AnnotatedMailbox,
): Promise<void> {
  if (mailbox === '') {
    if (!watched.groups.areOfServer) return
    const now = digested(await serverAnnotations(watched.session))
    watched.serverAnnotations = withEntries(watched.serverAnnotations, now, entries)
    return
  }
  const known = watched.known.get(mailbox)
  if (known === undefined || !watched.isTold(mailbox, 'MailboxMetadataChange')) return
  const now = await watched.annotationsOf(mailbox)
  if (now !== undefined) known.annotations = withEntries(known.annotations, now, entries)
}

function withEntries(
  before: KnownAnnotations,
  now: KnownAnnotations,
  entries: readonly string[],
): KnownAnnotations {
  const taken = new Map(before)
  for (const name of entries) {
    const value = now.get(name)
    if (value === undefined) taken.delete(name)
    else taken.set(name, value)
  }
  return taken
}

/** Whether a mailbox is the other one, or below it. */
function isWithin(name: string, other: string): boolean {
  return name === other || name.startsWith(`${other}/`)
}

function areRelated(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one)
}
