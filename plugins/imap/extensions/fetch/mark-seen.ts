import { hasAnyRight, type MessageEntry, uidFinder } from 'mailwright'
import type { ImapSelected } from 'mailwright/imap'
import { withNewer } from '../../engine/newer-entries.ts'
import type { FetchRequest } from './request.ts'

/** Reading a message sets `\Seen`, and the client is told with the message (RFC 9051 §6.4.5). */
export async function markSeen(
  request: FetchRequest,
  entries: readonly MessageEntry[],
): Promise<readonly MessageEntry[]> {
  const { selected, session, items } = request
  const { attributes } = items
  if (selected.isReadOnly || ![...attributes.values()].some(({ setsSeen }) => setsSeen)) return entries
  if (!session.server.store.supports.flags) return entries
  const unseen = await withoutSeen(selected, entries)
  if (unseen.length === 0) return entries
  if (!hasAnyRight(await session.mail.myRights(selected.name), 's')) return entries
  const uids = unseen.map(({ uid }) => uid)
  const { entries: changed } = await selected.mailbox.changeFlags(uids, { add: ['\\Seen'] })
  selected.told(changed)
  request.also('FLAGS')
  // RFC 7162 §3.2.4; RFC 9586 §3.3 has the UID in front.
  if (session.enabled.has('CONDSTORE')) {
    request.also('MODSEQ')
    if (!session.enabled.has('UIDONLY')) request.also('UID')
  }
  return withNewer(entries, changed)
}

/** By what is in the mailbox: others may have taken `\Seen` away, of which the client does not know yet. */
async function withoutSeen(
  { mailbox }: ImapSelected,
  entries: readonly MessageEntry[],
): Promise<readonly MessageEntry[]> {
  await mailbox.refresh()
  const find = uidFinder(mailbox.entries)
  return entries.filter(({ uid }) => mailbox.entries[find(uid)]?.flags.includes('\\Seen') === false)
}
