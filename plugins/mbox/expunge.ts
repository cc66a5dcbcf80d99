import { type ExpungeOptions, isDeleted } from 'mailwright'
import type { MailboxIdentity } from './known-mailbox.ts'
import type { MailboxState } from './mailbox-state.ts'
import { rewriteMailbox } from './rewrite.ts'

/** What is to be removed. */
export interface Removal extends ExpungeOptions {
  readonly uids: readonly number[]
}

/** Why messages leave, as the hooks are told. */
export type Leaving =
  | { readonly cause: 'expunge' }
  | { readonly cause: 'move'; readonly to: string }
  | undefined

/**
 * Removes messages: all, or none. Answers the UIDs of those removed, ascending; messages that are gone are left out.
 * Nobody is told of what leaves for no reason: it never counted as there.
 */
export function removeMessages(
  state: MailboxState,
  { uids, onlyDeleted = false }: Removal,
  leaving: Leaving,
  expected: MailboxIdentity,
): Promise<readonly number[]> {
  return state.exclusively(expected, { whole: true }, async (locked) => {
    const { context, place, known } = state
    const records = uids.flatMap((uid) => known.record(uid) ?? [])
    const meant = onlyDeleted ? records.filter((record) => isDeleted(known.entry(record))) : records
    const removed = new Set(meant.map(({ uid }) => uid))
    if (removed.size === 0) return []
    const task = { context, place, locked, index: known.index }
    await state.adopt(locked, await rewriteMailbox(task, { removed, flags: new Map() }), [])
    const gone = [...removed].sort((a, b) => a - b)
    if (leaving !== undefined) context.announce.expunged(state.change({ ...leaving, uids: gone }))
    return gone
  })
}
