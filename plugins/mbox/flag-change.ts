import { changedFlags, type FlagChange, MailwrightError, systemFlags, UnavailableError } from 'mailwright'
import { formatBase, keywordText, mboxState, readMboxHead } from 'mailwright/formats'
import type { MessageRecord } from './index-record.ts'
import type { MailboxIdentity } from './known-mailbox.ts'
import type { LockedFile } from './mailbox-lock.ts'
import type { MailboxState } from './mailbox-state.ts'
import { patchesFor } from './message-fields.ts'
import { openSource } from './open-source.ts'
import { applyPatches, fieldPatch, type Patch } from './patch.ts'
import { rewriteMailbox } from './rewrite.ts'

// Readers give up on a longer field.
const longestKeywords = 60_000

/**
 * Changes flags of the messages that still exist; answers those messages. Durable when it resolves. Where the fields of
 * all of them have room they are changed in place, else the file is rewritten from the first on that has none.
 */
export function changeFlags(
  state: MailboxState,
  uids: readonly number[],
  change: FlagChange,
  expected: MailboxIdentity,
): Promise<readonly MessageRecord[]> {
  // Also where there is no message that it would change.
  flagsAfter([], change)
  return state.exclusively(expected, {}, async (locked) => {
    const changed = new Map<number, readonly string[]>()
    for (const uid of uids) {
      const before = state.known.record(uid)?.flags
      const after = before && flagsAfter(before, change)
      if (after !== undefined && after.join() !== before?.join()) changed.set(uid, after)
    }
    if (changed.size > 0) await writeFlags(state, locked, changed)
    const records = [...new Set(uids)]
      .map((uid) => state.known.record(uid))
      .filter((record) => record !== undefined)
    return records.sort((a, b) => a.uid - b.uid)
  })
}

/** MAIL_E_INVALID for what is neither flag nor keyword. */
function flagsAfter(flags: readonly string[], change: FlagChange): readonly string[] {
  const after = changedFlags(flags, change)
  if (after === undefined)
    throw new MailwrightError('MAIL_E_INVALID', `not flags and keywords: ${JSON.stringify(change)}`)
  if (keywordText({ flags: after }).length > longestKeywords)
    throw new MailwrightError('MAIL_E_UNSUPPORTED', 'a message cannot have so many keywords in an mbox file')
  return after
}

async function writeFlags(
  state: MailboxState,
  locked: LockedFile,
  changed: ReadonlyMap<number, readonly string[]>,
): Promise<void> {
  const { index } = state.known
  const { patches, roomless } = await planPatches(locked, index.records, index.known, changed)
  const tell = await keywordPatches(locked, index.known, [...changed.values()].flat())
  if (patches.length + tell.length > 0) {
    await applyPatches(locked.file, [...tell, ...patches])
    await locked.file.datasync()
  }
  const withFlags = (record: MessageRecord): MessageRecord => {
    const flags = changed.get(record.uid)
    return flags === undefined ? record : { ...record, flags }
  }
  const records = index.records.map(withFlags)
  if (roomless.size === 0)
    await state.adopt(
      locked,
      { records },
      records.filter(({ uid }) => changed.has(uid)),
    )
  else {
    const { context, place } = state
    const task = { context, place, locked, index: { ...index, records } }
    await state.adopt(locked, await rewriteMailbox(task, { removed: new Set(), flags: roomless }), [])
  }
  const uids = [...changed.keys()].sort((a, b) => a - b)
  const flags = uids.map((uid) => changed.get(uid) ?? [])
  state.context.announce.flagged(state.change({ cause: 'store', uids, flags }))
}

/** What can be changed in place, and the flags of those messages that have no room. */
async function planPatches(
  locked: LockedFile,
  records: readonly MessageRecord[],
  known: number,
  changed: ReadonlyMap<number, readonly string[]>,
): Promise<{
  readonly patches: readonly Patch[]
  readonly roomless: ReadonlyMap<number, readonly string[]>
}> {
  const source = openSource(locked.file, known)
  const patches: Patch[] = []
  const roomless = new Map<number, readonly string[]>()
  for (const { uid, start } of records) {
    const flags = changed.get(uid)
    if (flags === undefined) continue
    const head = await readMboxHead(source, start)
    if (head === undefined) throw new UnavailableError('a mailbox is not what its index says')
    const fitting = patchesFor(head.fields, { uid, flags })
    if (fitting === undefined) roomless.set(uid, flags)
    else patches.push(...fitting)
  }
  return { patches, roomless }
}

/**
 * Lets the file's head name keywords, as far as there is room: UW-imapd and alpine drop those that it does not name when
 * they write a message.
 */
async function keywordPatches(
  locked: LockedFile,
  known: number,
  flags: readonly string[],
): Promise<readonly Patch[]> {
  const head = await readMboxHead(openSource(locked.file, known), 0)
  const { base, internal } = mboxState(head?.fields ?? [])
  const field = head?.fields.find(({ name }) => name === (internal ? 'x-imap' : 'x-imapbase'))
  if (base === undefined || field === undefined) return []
  const keywords = new Set([...base.keywords, ...flags.filter((flag) => !systemFlags.includes(flag))])
  if (keywords.size === base.keywords.length) return []
  const patch = fieldPatch(field, formatBase({ ...base, keywords: [...keywords] }).trimEnd())
  return patch === undefined ? [] : [patch]
}
