import type { MailboxStatus } from 'mailwright'
import type { ImapListDecoration } from 'mailwright/imap'
import { isOwnMailbox } from '../../engine/target-mailbox.ts'
import { listedMailbox } from '../list/choose.ts'
import { serverAnnotations } from '../metadata/kept.ts'
import { changedAnnotations, digested } from './annotations.ts'
import { tellMailbox, tellMetadata, tellNoAccess, tellStatus } from './responses.ts'
import type { KnownMailbox, WatchedMailboxes } from './watched-mailboxes.ts'

/** Tells what has changed in a mailbox that is not selected. */
export async function tellMailboxChanges(
  watched: WatchedMailboxes,
  decorations: readonly ImapListDecoration[],
  name: string,
): Promise<void> {
  const known = watched.known.get(name)
  if (known === undefined) return
  const { session } = watched
  // Of the selected one the client is told otherwise, and by another group.
  if (session.selected?.name !== name) await tellMessages(watched, decorations, name, known)
  if (!watched.isTold(name, 'MailboxMetadataChange')) return
  const annotations = await watched.annotationsOf(name)
  if (annotations === undefined) return
  tellMetadata(session.out, name, changedAnnotations(known.annotations, annotations))
  known.annotations = annotations
}

async function tellMessages(
  watched: WatchedMailboxes,
  decorations: readonly ImapListDecoration[],
  name: string,
  known: KnownMailbox,
): Promise<void> {
  const now = await watched.statusOf(name)
  const before = known.status
  // That it has gone is told with the list of mailboxes.
  if (now === 'unknown' || (now === 'gone' && !losesAccess(watched, name))) return
  if (typeof now === 'string') {
    // RFC 5465 §5.9: the account has lost the right to look into it.
    if (before !== undefined) tellDenied(watched, name)
    known.status = undefined
    return
  }
  known.status = now
  // RFC 5465 §5.9: it has got it back.
  if (watched.denied.delete(name))
    await tellMailbox(watched.session, decorations, listedMailbox(name, await watched.names()))
  const events = watched.eventsOf(name)
  const isTold = [
    events.has('MessageNew') && haveMessagesChanged(before, now),
    events.has('FlagChange') && haveFlagsChanged(before, now),
  ].includes(true)
  if (isTold) tellStatusOf(watched, now)
}

/**
 * Whether a mailbox that is not to be seen any more is told as one without access: another's, where nobody can tell whether
 * it was deleted, and the client is not told of the list of mailboxes (RFC 5465 §5.4, §5.9).
 */
export function losesAccess(watched: WatchedMailboxes, name: string): boolean {
  return !isOwnMailbox(name) && watched.eventsOf(name).size > 0 && !watched.isTold(name, 'MailboxName')
}

/** Tells that the account must not look into a mailbox, and keeps in mind that it was told so. */
export function tellDenied(watched: WatchedMailboxes, name: string): void {
  watched.deny(name)
  tellNoAccess(watched.session.out, name)
}

function haveMessagesChanged(before: MailboxStatus | undefined, now: MailboxStatus): boolean {
  return (
    before?.uidNext !== now.uidNext ||
    before.messages !== now.messages ||
    before.uidValidity !== now.uidValidity
  )
}

function haveFlagsChanged(before: MailboxStatus | undefined, now: MailboxStatus): boolean {
  return before?.highestModSequence !== now.highestModSequence || before.unseen !== now.unseen
}

/** Tells how many messages there are; the mod-sequence to whom it was promised (RFC 5465 §5.1, §5.2). */
export function tellStatusOf(watched: WatchedMailboxes, status: MailboxStatus): void {
  const { session } = watched
  const isAware = session.enabled.has('CONDSTORE') || watched.isTold(status.name, 'FlagChange')
  tellStatus(session, status, isAware && session.server.store.supports.modSequences)
}

/** Tells which annotations of the server have changed (RFC 5465 §5.7). */
export async function tellServerChanges(watched: WatchedMailboxes): Promise<void> {
  if (!watched.groups.areOfServer) return
  const now = digested(await serverAnnotations(watched.session))
  tellMetadata(watched.session.out, '', changedAnnotations(watched.serverAnnotations, now))
  watched.serverAnnotations = now
}
