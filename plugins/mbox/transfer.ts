import type { Transfer } from 'mailwright'
import { appendMessages } from './append.ts'
import { type NewMessage, spoolMessages } from './delivery.ts'
import { isNotFound } from './disk-errors.ts'
import { removeMessages } from './expunge.ts'
import type { MailboxIdentity } from './known-mailbox.ts'
import type { MailboxState } from './mailbox-state.ts'
import { openMessage } from './message-content.ts'

/** Messages that are to go elsewhere. */
export interface TransferSource {
  readonly state: MailboxState
  readonly uids: readonly number[]
  /** What the UIDs mean. */
  readonly expected: MailboxIdentity
}

/** Copies messages: all that are still there, or none. Never holds two mailboxes' locks at the same time. */
export async function copyMessages(source: TransferSource, target: MailboxState): Promise<Transfer> {
  const transfer = await transferMessages(source, target)
  announceStored(source, target, transfer, 'copy')
  return transfer
}

/**
 * The same, and the originals are gone. A crash may leave both. What could not be removed, because that failed or because
 * somebody else was faster, is not in the target either.
 */
export async function moveMessages(source: TransferSource, target: MailboxState): Promise<Transfer> {
  const transfer = await transferMessages(source, target)
  const from = transfer.uids.map(([uid]) => uid)
  const leaving = { cause: 'move', to: target.place.name } as const
  let removed: ReadonlySet<number> = new Set()
  try {
    removed = new Set(await removeMessages(source.state, { uids: from }, leaving, source.expected))
  } finally {
    await removeCopies(target, transfer, (uid) => !removed.has(uid))
  }
  const moved = { ...transfer, uids: transfer.uids.filter(([uid]) => removed.has(uid)) }
  announceStored(source, target, moved, 'move')
  return moved
}

/** Removes copies again, by the UIDs of their originals. Nobody was told of them. */
async function removeCopies(
  target: MailboxState,
  { uidValidity, uids }: Transfer,
  isMeant: (uid: number) => boolean,
): Promise<void> {
  const copies = uids.filter(([uid]) => isMeant(uid)).map(([, uid]) => uid)
  if (copies.length === 0) return
  try {
    await removeMessages(target, { uids: copies }, undefined, { uidValidity, id: target.known.index.id })
  } catch (error) {
    const facts = { mailbox: target.place.name, problem: 'messages are in two mailboxes', error }
    target.context.log.warn('unavailable', facts)
  }
}

async function transferMessages(source: TransferSource, target: MailboxState): Promise<Transfer> {
  await target.sync()
  const sent: number[] = []
  const first = target.known.index.known === 0
  const spooled = await spoolMessages(target.context, target.place, openMessages(source, sent), first)
  try {
    if (sent.length === 0) return { uidValidity: target.known.uidValidity, uids: [] }
    const { uidValidity, uids: given } = await appendMessages(target, spooled, [])
    return { uidValidity, uids: sent.map((uid, place) => [uid, given[place] ?? 0] as const) }
  } finally {
    // It is gone where the messages have arrived.
    await target.context.files.unlink(spooled.path).catch(() => undefined)
  }
}

/** Messages one after the other, without those that somebody has removed; notes the UIDs of the others. */
async function* openMessages(
  { state, uids, expected }: TransferSource,
  sent: number[],
): AsyncGenerator<NewMessage> {
  for (const uid of [...new Set(uids)].sort((a, b) => a - b)) {
    try {
      yield await openMessage(state, uid, expected)
      sent.push(uid)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

function announceStored(
  source: TransferSource,
  target: MailboxState,
  { uids }: Transfer,
  cause: 'copy' | 'move',
): void {
  if (uids.length === 0) return
  const from = source.state.place.name
  target.context.announce.stored(target.change({ cause, from, uids: uids.map(([, uid]) => uid) }))
}
