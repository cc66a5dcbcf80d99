import { isOwnName } from '../files/unique-name.ts'
import type { IndexChange } from '../index/index-change.ts'
import type { IndexTable } from '../index/index-table.ts'
import type { DiskDifference } from './disk-difference.ts'
import type { MailboxState } from './mailbox-state.ts'

/** The change that brings the index in line; undefined where it is. */
export function settlingChange(
  table: IndexTable,
  difference: DiskDifference,
  added: NonNullable<IndexChange['added']>,
): IndexChange | undefined {
  const { altered, missing: removed } = difference
  if (added.length + altered.length + removed.length === 0) return undefined
  return {
    modSequence: table.modSequence + 1,
    ...(added.length > 0 && { added }),
    ...(altered.length > 0 && { altered }),
    ...(removed.length > 0 && { removed }),
  }
}

/** Tells of what other programs did, now that the index has it. */
export function announceSettled(
  state: MailboxState,
  { added = [], altered = [], removed = [] }: IndexChange,
): void {
  const { announce } = state.context
  // What has one of our names was announced when it was put there.
  const foreign = added.filter(([, base]) => !isOwnName(base)).map(([uid]) => uid)
  if (foreign.length > 0) announce.stored(state.change({ cause: 'external', uids: foreign }))
  if (removed.length > 0) announce.expunged(state.change({ cause: 'external', uids: removed }))
  const flagged = altered.flatMap(([uid]) => state.record(uid)?.entry ?? [])
  if (flagged.length === 0) return
  const uids = flagged.map(({ uid }) => uid)
  announce.flagged(state.change({ cause: 'external', uids, flags: flagged.map(({ flags }) => flags) }))
}
