import { indexOfUid, type MessageEntry } from 'mailwright'
import type { ImapCall, ImapCommand, ImapExtension, ImapResult, ImapSelected } from 'mailwright/imap'
import { refusalToSave } from '../../engine/message-limit.ts'
import { no, ok } from '../../engine/result.ts'
import { arrivedUids, intoTarget, showArrival } from '../../engine/target-mailbox.ts'
import { copyUid } from './copy-uid.ts'
import { readTransfer } from './request.ts'

const command: ImapCommand = {
  states: ['selected'],
  async run(call) {
    const { selected, entries, target } = readTransfer(call)
    if (entries.length === 0) return ok('No messages were found')
    return refusalToSave(call.session, entries.length, entries) ?? copy(call, selected, entries, target)
  },
}

/** COPY and UID COPY (RFC 9051 §6.4.7, §6.4.9). */
export const copyMessages: ImapExtension = {
  name: 'copy',
  commands: { COPY: command, 'UID COPY': command },
}

async function copy(
  { session, byUid }: ImapCall,
  selected: ImapSelected,
  entries: readonly MessageEntry[],
  target: string,
): Promise<ImapResult> {
  await session.access(target, 'write')
  // All or none: of those that are named by UID only what is there is meant (RFC 9051 §6.4.9).
  if (!byUid && (await areSomeGone(selected, entries))) return gone
  const uids = entries.map(({ uid }) => uid)
  const transfer = await intoTarget(() => selected.mailbox.copy(uids, target), selected)
  if (!byUid && transfer.uids.length === 0) return gone
  await showArrival(session, target, arrivedUids(transfer))
  return ok('Copied', await copyUid(session, target, transfer))
}

const gone = no('Some of the messages are gone', 'EXPUNGEISSUED')

async function areSomeGone({ mailbox }: ImapSelected, entries: readonly MessageEntry[]): Promise<boolean> {
  await mailbox.refresh()
  const there = mailbox.entries
  return entries.some(({ uid }) => there[indexOfUid(there, uid)]?.uid !== uid)
}
