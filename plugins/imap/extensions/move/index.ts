import type { MessageEntry } from 'mailwright'
import type { ImapCall, ImapCommand, ImapExtension, ImapResult } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { highestCode } from '../../engine/highest-code.ts'
import { withinMessageLimit } from '../../engine/message-limit.ts'
import { no, ok } from '../../engine/result.ts'
import { arrivedUids, intoTarget, showArrival } from '../../engine/target-mailbox.ts'
import { copyUid } from '../copy/copy-uid.ts'
import { readTransfer, type TransferRequest } from '../copy/request.ts'

const command: ImapCommand = {
  states: ['selected'],
  async run(call) {
    const request = readTransfer(call)
    if (request.selected.isReadOnly) return no('The mailbox is opened for reading only', 'READ-ONLY')
    if (request.entries.length === 0) return ok('No messages were found')
    return move(call, request)
  },
}

/** MOVE and UID MOVE (RFC 9051 §6.4.8, §6.4.9; RFC 6851). */
export const moveMessages: ImapExtension = {
  name: 'move',
  capabilities: afterLogin(['MOVE']),
  commands: { MOVE: command, 'UID MOVE': command },
}

async function move(
  { session, byUid }: ImapCall,
  { selected, entries: wanted, target }: TransferRequest,
): Promise<ImapResult> {
  const { entries, code: limited } = withinMessageLimit(session, wanted)
  const { out } = session
  await session.access(target, 'write')
  const transfer = await intoTarget(() => selected.mailbox.move(uidsOf(entries), target), selected)
  const moved = transfer.uids.length
  const areSomeGone = !byUid && moved < entries.length
  if (moved === 0)
    return areSomeGone ? no('The messages are gone', 'EXPUNGEISSUED') : ok('No messages were found')
  // RFC 6851 §4.3: before the client is told that they are gone from here.
  const copied = await copyUid(session, target, transfer)
  if (copied !== undefined) out.untagged(`OK [${copied}] Moved`)
  await showArrival(session, target, arrivedUids(transfer))
  const highest = await highestCode(session, selected)
  // RFC 9738 §3.1: of both, that one has to stand in the tagged response.
  if (areSomeGone && limited !== undefined) out.untagged(`NO [${limited}] Only a part of the messages`)
  const code = areSomeGone ? 'EXPUNGEISSUED' : limited
  if (code === undefined) return ok('Moved', highest)
  if (highest !== undefined) out.untagged(`OK [${highest}] Highest`)
  return ok(areSomeGone ? 'Some of the messages were gone' : 'Only a part of the messages was moved', code)
}

function uidsOf(entries: readonly MessageEntry[]): readonly number[] {
  return entries.map(({ uid }) => uid)
}
