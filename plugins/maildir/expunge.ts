import { UnavailableError } from 'mailwright'
import type { MailboxState } from './mailbox-state.ts'
import { finishPending, removeMessages, syncRemovals, unlinkWhereItIs } from './pending.ts'
import type { UidList, UidRecord } from './uid-list.ts'

// How often a message that others rename at the same time is followed.
const attempts = 8

/** Removes messages: all, or none. Answers the UIDs of those removed; messages that are gone are left out. */
export function expungeMessages(state: MailboxState, uids: readonly number[]): Promise<readonly number[]> {
  return state.exclusively(async () => {
    const removed = await removeRecords(state, uids)
    if (removed.length > 0) state.context.announce.expunged(state.change({ cause: 'expunge', uids: removed }))
    return removed
  })
}

/**
 * The same for a caller who holds the mailbox and tells of it. Several are removed by one write of the list of UIDs,
 * which names them as leaving; that they are then removed from the disk is only a matter of time, whatever happens. A
 * single one is unlinked, which is all or nothing by itself and works on a full disk.
 */
export async function removeRecords(
  state: MailboxState,
  uids: readonly number[],
): Promise<readonly number[]> {
  const { list } = state
  const wanted = new Set(uids)
  const leaving = list.records.filter(({ uid, base }) => wanted.has(uid) && state.located(base) !== undefined)
  const [first] = leaving
  if (first === undefined) return []
  const gone = new Set(leaving.map(({ uid }) => uid))
  const kept: UidList = { ...list, records: list.records.filter(({ uid }) => !gone.has(uid)) }
  if (leaving.length > 1) await removeTogether(state, leaving, kept)
  else if (!(await removeOne(state, first, kept))) return []
  return [...gone]
}

/** Answers false where somebody else was faster. */
async function removeOne(state: MailboxState, { base }: UidRecord, kept: UidList): Promise<boolean> {
  const { context, place } = state
  for (let attempt = 0; ; attempt++) {
    if (attempt === attempts)
      throw new UnavailableError(`a message in ${place.path} is renamed too fast to be removed`)
    if (attempt > 0) await state.look([base])
    const located = state.located(base)
    if (located === undefined) return false
    if (await unlinkWhereItIs(context, place.path, located)) break
  }
  await afterwards(state, async () => {
    await removeMessages(context, place.path, [base])
    await syncRemovals(context, place.path, [base])
    await state.save(kept)
  })
  return true
}

async function removeTogether(
  state: MailboxState,
  leaving: readonly UidRecord[],
  kept: UidList,
): Promise<void> {
  const bases = leaving.map(({ base }) => base)
  const decided: UidList = { ...kept, leaving: [...kept.leaving, ...bases] }
  await state.save(decided)
  await afterwards(state, async () =>
    state.save(await finishPending(state.context, state.place.path, decided)),
  )
}

/** What is left to do once it has happened: a failure is logged, and the next who looks at the mailbox does it. */
async function afterwards(state: MailboxState, finish: () => Promise<void>): Promise<void> {
  try {
    await finish()
  } catch (error) {
    const facts = { mailbox: state.place.path, problem: 'an expunge is finished later', error }
    state.context.log.warn('unavailable', facts)
  }
}
