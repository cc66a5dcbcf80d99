import { join } from 'node:path'
import { type FlagChange, type MessageEntry, UnavailableError } from 'mailwright'
import { isMissing } from './disk-errors.ts'
import { changedLetters, requireKnownFlags } from './flags.ts'
import type { MailboxState } from './mailbox-state.ts'
import { formatFileName } from './message-name.ts'
import { pathOf } from './scan.ts'
import type { UidRecord } from './uid-list.ts'

// How often a message that others rename at the same time is followed.
const attempts = 8

/**
 * Changes flags of the messages that still exist; answers their new entries. Durable when it resolves.
 * MAIL_E_UNSUPPORTED for keywords.
 */
export function changeFlags(
  state: MailboxState,
  uids: readonly number[],
  change: FlagChange,
): Promise<readonly MessageEntry[]> {
  return state.inTurn(async () => {
    requireKnownFlags(change)
    const records = [...new Set(uids)]
      .map((uid) => state.record(uid))
      .filter((record) => record !== undefined)
    const touched = new Set<string>()
    const existing: UidRecord[] = []
    const changed: UidRecord[] = []
    try {
      for (const record of records.sort((a, b) => a.uid - b.uid)) {
        const result = await changeLetters(state, record.base, change, touched)
        if (result !== 'gone') existing.push(record)
        if (result === 'changed') changed.push(record)
      }
    } finally {
      await settleChange(state, touched, changed)
    }
    return existing.map((record) => state.refreshEntry(record)).filter((entry) => entry !== undefined)
  })
}

/** Makes the renames durable and tells of them, also where a later one has failed. */
async function settleChange(
  state: MailboxState,
  touched: ReadonlySet<string>,
  changed: readonly UidRecord[],
): Promise<void> {
  // `cur` first: where a file system loses half of a rename, the message is then in both places, not in neither.
  for (const directory of [...touched].sort())
    await state.context.directories.sync(join(state.place.path, directory))
  const entries = changed.map((record) => state.refreshEntry(record)).filter((entry) => entry !== undefined)
  if (entries.length === 0) return
  const uids = entries.map(({ uid }) => uid)
  state.context.announce.flagged(
    state.change({ cause: 'store', uids, flags: entries.map(({ flags }) => flags) }),
  )
}

/** Renames one message from whatever name it has now. */
async function changeLetters(
  state: MailboxState,
  base: string,
  change: FlagChange,
  touched: Set<string>,
): Promise<'changed' | 'same' | 'gone'> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0 || state.located(base) === undefined) await state.look([base])
    const located = state.located(base)
    if (located === undefined) return 'gone'
    const letters = changedLetters(located.letters, change)
    if (letters === located.letters) return 'same'
    const fileName = formatFileName({ ...located, letters })
    const moved = { ...located, letters, fileName, directory: 'cur' as const }
    try {
      await state.context.files.rename(pathOf(state.place.path, located), pathOf(state.place.path, moved))
      touched.add('cur').add(located.directory)
      state.relocate(moved)
      return 'changed'
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  throw new UnavailableError(
    `a message in ${state.place.path} is renamed faster than its flags can be changed`,
  )
}
