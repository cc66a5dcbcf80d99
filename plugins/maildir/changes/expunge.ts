import { join } from 'node:path'
import { type ExpungeOptions, isDeleted, UnavailableError } from 'mailwright'
import { isDiskFull } from 'mailwright/disk'
import { forgetDeliveries } from '../delivery/logged-message.ts'
import type { IndexRecord } from '../index/index-record.ts'
import type { Chosen } from '../mailbox/mailbox-snapshot.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'
import { removeMessages, unlinkThere } from '../mailbox/pending.ts'
import { noSums, type QuotaSums } from '../quota/maildirsize.ts'
import { countMessages } from '../quota/usage.ts'
import { chosenRecords, existing } from './flag-change.ts'

// How often a message that others rename at the same time is followed.
const attempts = 8

/** Messages that were removed. */
export interface Expunged {
  readonly removed: readonly number[]
  /** What they counted. */
  readonly sums: QuotaSums
}

/** Removes messages: all, or none. Messages that are gone are left out. */
export function expungeMessages(
  state: MailboxState,
  chosen: Chosen,
  { onlyDeleted = false }: ExpungeOptions,
): Promise<Expunged> {
  return state.exclusively(async () => {
    const entries = chosenRecords(state, chosen).map(({ entry }) => entry)
    const uids = (onlyDeleted ? entries.filter(isDeleted) : entries).map(({ uid }) => uid)
    const sums = await countMessages(state, uids)
    const removed = await removeRecords(state, uids)
    if (removed.length === 0) return { removed, sums: noSums }
    state.context.announce.expunged(state.change({ cause: 'expunge', uids: removed }))
    return { removed, sums }
  })
}

/**
 * The same for a caller who holds the mailbox and tells of it. One write of the index names them as leaving; that they
 * are then removed from the disk is only a matter of time, whatever happens. A single one can be removed from a full disk
 * as well: that it is unlinked is all or nothing by itself.
 */
export async function removeRecords(
  state: MailboxState,
  uids: readonly number[],
): Promise<readonly number[]> {
  const records = existing(state, uids)
  const [first] = records
  if (first === undefined) return []
  const removed = records.map(({ entry }) => entry.uid)
  const leaving = records.map(({ base }) => base)
  try {
    await state.write({ modSequence: state.table.modSequence + 1, removed, leaving })
  } catch (error) {
    if (!isDiskFull(error) || records.length > 1) throw error
    if (!(await unlinkOne(state, first))) return []
    state.goAhead({ removed })
    await forgetDeliveries(state.context, state.place.path, leaving)
    return removed
  }
  await finishRemoval(state, records)
  return removed
}

/** What is left to do once it has happened: a failure is logged, and the next who looks at the mailbox does it. */
async function finishRemoval(state: MailboxState, records: readonly IndexRecord[]): Promise<void> {
  const { context, place } = state
  const bases = records.map(({ base }) => base)
  const located = records.map((record) => state.located(record))
  try {
    await removeMessages(context, place.path, bases, { located, doubles: state.hasDoubles })
    for (const directory of new Set(located.map((each) => each.directory)))
      await context.directories.sync(join(place.path, directory))
    // Before the index stops calling them leaving: until then whoever opens the mailbox removes what has come back.
    await context.deliveries?.forget(place.path, bases)
  } catch (error) {
    context.log.warn('unavailable', { mailbox: place.path, problem: 'an expunge is finished later', error })
    return
  }
  await state.writeLater({ left: bases })
}

/** Answers false where somebody else was faster. */
async function unlinkOne(state: MailboxState, record: IndexRecord): Promise<boolean> {
  const { context, place } = state
  for (let attempt = 0; attempt < attempts; attempt++) {
    const located = attempt === 0 ? state.located(record) : (await state.look([record.base])).get(record.base)
    if (located === undefined) return false
    if ((await unlinkThere(context, place.path, [located])).length > 0) return true
  }
  throw new UnavailableError(`a message in ${place.path} is renamed too fast to be removed`)
}
