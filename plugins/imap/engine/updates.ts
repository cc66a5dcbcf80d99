import type { MessageEntry } from 'mailwright'
import type { ImapSelected, ImapSession } from 'mailwright/imap'
import { numberSet } from '../format/strings.ts'
import type { Selected } from './selected.ts'
import type { ViewChanges } from './view-changes.ts'

/** Writes what has changed in the selected mailbox: EXPUNGE or VANISHED, EXISTS, FETCH (RFC 9051 §7.3.1, §7.5). */
export async function tellChanges(
  session: ImapSession,
  selected: Selected,
  { vanished, vanishedNumbers, arrived, flagged }: ViewChanges,
  recent: boolean,
): Promise<void> {
  const { out, enabled } = session
  if (enabled.has('QRESYNC') || enabled.has('UIDONLY')) {
    // RFC 7162 §3.2.10, RFC 9586 §3.
    if (vanished.length > 0) out.untagged(`VANISHED ${numberSet(vanished)}`)
  } else {
    // From the last to the first, so that no number moves before it is told.
    for (let index = vanishedNumbers.length - 1; index >= 0; index -= 1) {
      out.untagged(`${vanishedNumbers[index]} EXPUNGE`)
      if (out.isFull) await out.ready()
    }
  }
  if (arrived.length > 0) out.untagged(`${selected.messages.length} EXISTS`)
  if (recent && !enabled.has('IMAP4REV2')) out.untagged(`${selected.recentCount} RECENT`)
  await selected.introduce([...arrived, ...flagged])
  for (const entry of flagged) {
    out.write(flagsResponse(session, selected, entry))
    if (out.isFull) await out.ready()
  }
}

/** A FETCH response with a message's flags, its UID, and its mod-sequence for clients that know of it (RFC 7162 §3.1). */
export function flagsResponse(session: ImapSession, selected: ImapSelected, entry: MessageEntry): string {
  const mod = modSequence(session, entry)
  const flags = flagsItem(session, selected, entry)
  return fetchResponse(session, selected, entry, mod === '' ? flags : `${flags} ${mod}`)
}

/** The flags of a message as FETCH tells them: with `\Recent`, where the client is not one of IMAP4rev2 (RFC 3501 §7.4.2). */
export function flagsItem({ enabled }: ImapSession, selected: ImapSelected, entry: MessageEntry): string {
  const flags = entry.flags.join(' ')
  if (!selected.isRecent(entry.uid) || enabled.has('IMAP4REV2')) return `FLAGS (${flags})`
  return flags === '' ? 'FLAGS (\\Recent)' : `FLAGS (${flags} \\Recent)`
}

/** The mod-sequence alone, for clients that know of them; else nothing. */
export function modSequenceResponse(
  session: ImapSession,
  selected: ImapSelected,
  entry: MessageEntry,
): string {
  const mod = modSequence(session, entry)
  return mod === '' ? '' : fetchResponse(session, selected, entry, mod)
}

function modSequence({ enabled }: ImapSession, entry: MessageEntry): string {
  return enabled.has('CONDSTORE') && entry.modSequence > 0 ? `MODSEQ (${entry.modSequence})` : ''
}

function fetchResponse(
  { enabled }: ImapSession,
  selected: ImapSelected,
  { uid }: MessageEntry,
  items: string,
): string {
  // RFC 9586 §3.
  if (enabled.has('UIDONLY')) return `* ${uid} UIDFETCH (${items})\r\n`
  return `* ${selected.numberOf(uid)} FETCH (UID ${uid} ${items})\r\n`
}
