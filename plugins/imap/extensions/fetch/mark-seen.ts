import { hasAnyRight, type MessageEntry, uidFinder } from 'mailwright'
import type { ImapSelected } from 'mailwright/imap'
import { withNewer } from '../../engine/newer-entries.ts'
import { isTrouble } from '../../engine/result.ts'
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
  const changed = await setSeen(request, entries)
  if (changed.length === 0) return entries
  selected.told(changed)
  request.also('FLAGS')
  // RFC 7162 §3.2.4; RFC 9586 §3.3 has the UID in front.
  if (session.enabled.has('CONDSTORE')) {
    request.also('MODSEQ')
    if (!session.enabled.has('UIDONLY')) request.also('UID')
  }
  return withNewer(entries, changed)
}

/** Where the flag cannot be set now the message can be read all the same, as in a mailbox that is read-only. */
async function setSeen(
  { selected, session }: FetchRequest,
  entries: readonly MessageEntry[],
): Promise<readonly MessageEntry[]> {
  try {
    const uids = (await withoutSeen(selected, entries)).map(({ uid }) => uid)
    if (uids.length === 0 || !hasAnyRight(await session.mail.myRights(selected.name), 's')) return []
    return (await selected.mailbox.changeFlags(uids, { add: ['\\Seen'] })).entries
  } catch (error) {
    if (!isTrouble(error)) throw error
    session.server.log.warn('unavailable', { session: session.flow.session.id, error })
    return []
  }
}

/** By what is in the mailbox: others may have taken `\Seen` away, of which the client does not know yet. */
async function withoutSeen(
  selected: ImapSelected,
  entries: readonly MessageEntry[],
): Promise<readonly MessageEntry[]> {
  await selected.requireThere()
  const current = selected.mailbox.entries
  const find = uidFinder(current)
  return entries.filter(({ uid }) => current[find(uid)]?.flags.includes('\\Seen') === false)
}
