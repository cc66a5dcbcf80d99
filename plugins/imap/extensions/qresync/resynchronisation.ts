import type { MessageEntry, UidRange } from 'mailwright'
import type { ImapSelected, ImapSession } from 'mailwright/imap'
import { flagsResponse } from '../../engine/updates.ts'
import type { KnownMessages } from './known-messages.ts'
import { intersection, tellVanished, unchangedUpTo } from './vanished.ts'

/** Messages between two looks at the clock. */
const atOnce = 500

const all: readonly UidRange[] = [{ first: 1, last: 4_294_967_295 }]

/** Tells what has changed since a client has seen the mailbox: expunges first, then flags (RFC 7162 §3.2.5.1). */
export async function resynchronise(
  session: ImapSession,
  selected: ImapSelected,
  { uidValidity, modSequence, uids = all, matches }: KnownMessages,
): Promise<void> {
  const { mailbox, messages } = selected
  if (mailbox.uidValidity !== uidValidity) return
  const unchanged = unchangedUpTo(messages, matches)
  const later = { first: unchanged + 1, last: Number.POSITIVE_INFINITY }
  await tellVanished(session, selected, modSequence, intersection(uids, [later]))
  const isKnown = membership(uids)
  for (const [index, entry] of messages.entries()) {
    if (index % atOnce === 0) await session.out.ready()
    if (entry.modSequence > modSequence && isKnown(entry))
      session.out.write(flagsResponse(session, selected, entry))
  }
}

/** Whether messages, asked for in ascending order, are in ascending ranges. */
function membership(ranges: readonly UidRange[]): (entry: MessageEntry) => boolean {
  let at = 0
  return ({ uid }) => {
    while ((ranges[at]?.last ?? Number.POSITIVE_INFINITY) < uid) at += 1
    return (ranges[at]?.first ?? Number.POSITIVE_INFINITY) <= uid
  }
}
