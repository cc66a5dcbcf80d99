import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { isDiskFull, isMissing, systemCode } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { openNew } from '../files/durable-file.ts'
import type { MailboxPlace } from '../files/mailbox-place.ts'
import { type ForeignMailbox, readForeignState } from '../foreign/foreign-state.ts'
import { type IndexFile, indexFileName } from '../index/index-file.ts'
import { IndexTable, type TableFacts } from '../index/index-table.ts'
import { nextUidValidity } from '../index/uid-validity.ts'
import type { Comparison, MailboxDisk } from './mailbox-disk.ts'
import { additionsOf, examineNewcomers, type Newcomer } from './newcomers.ts'
import { settlingChange } from './settling.ts'

/** An index that is not written yet. */
export interface NewIndex {
  readonly table: IndexTable
  /** What the messages were taken from. */
  readonly comparison: Comparison
}

const ownedFileName = 'mailwright-owned'

/**
 * An index for a mailbox that has none that can be trusted. Where the mailbox was never ours and another server has left
 * its list of UIDs there, messages keep them, and the UIDVALIDITY. Else all get new ones under a higher UIDVALIDITY.
 */
export async function newIndex(
  context: MaildirContext,
  place: MailboxPlace,
  index: IndexFile,
  disk: MailboxDisk,
): Promise<NewIndex> {
  // While the disk makes the UIDVALIDITY durable the directories are read.
  const [begun, read] = await Promise.allSettled([
    stateBefore(context, place, index),
    messagesIn(context, place, disk),
  ])
  if (begun.status === 'rejected') throw begun.reason
  if (read.status === 'rejected') throw read.reason
  const [before, { comparison, newcomers }] = [begun.value, read.value]
  const wasRead = comparison.difference.newcomers.some(({ directory }) => directory === 'cur')
  tell(context, place, index, before, wasRead)
  const table = new IndexTable(emptyIndex(context, before))
  const additions = additionsOf(table, newcomers, before.foreign)
  const change = settlingChange(table, comparison.difference, additions)
  if (change !== undefined) table.apply(change)
  return { table, comparison }
}

/** What was known before. */
interface StateBefore {
  /** What another server knew of the mailbox before it was ours. */
  readonly foreign: ForeignMailbox | undefined
  readonly wasOurs: boolean
  readonly uidValidity: number
}

async function stateBefore(
  context: MaildirContext,
  place: MailboxPlace,
  index: IndexFile,
): Promise<StateBefore> {
  const found = await readForeignState(context.files, place.path, context)
  const wasOurs = index.fault === 'damaged' || index.lastUidValidity > 0 || (await isOurs(context, place))
  const foreign = wasOurs ? undefined : found
  const last = Math.max(index.lastUidValidity, found?.lastUidValidity ?? 0)
  const uidValidity = foreign?.uidValidity ?? (await nextUidValidity(context, place.root, last))
  return { foreign, wasOurs, uidValidity }
}

async function messagesIn(
  context: MaildirContext,
  place: MailboxPlace,
  disk: MailboxDisk,
): Promise<{ readonly comparison: Comparison; readonly newcomers: readonly Newcomer[] }> {
  const comparison = await disk.compare(new IndexTable(emptyIndex(context)))
  const newcomers = await examineNewcomers(context, place.path, comparison.difference.newcomers)
  return { comparison, newcomers }
}

function emptyIndex(
  context: MaildirContext,
  { foreign, uidValidity }: Pick<StateBefore, 'foreign' | 'uidValidity'> = {
    foreign: undefined,
    uidValidity: 1,
  },
): TableFacts {
  const modSequence = foreign?.uidValidity === undefined ? 1 : aboveOthers(context)
  return {
    id: randomBytes(12).toString('base64url'),
    uidValidity,
    uidNext: foreign?.uidNext ?? 1,
    modSequence,
    vanishedFloor: modSequence - 1,
    vanished: [],
    records: [],
    arriving: [],
    leaving: [],
  }
}

/**
 * Clients that keep their UIDs may keep mod-sequences of the other server too (RFC 7162 §3.2.5), of which nothing is
 * left. Ours must be above them, so that these clients look at everything once: no mailbox has had so many changes as
 * there were seconds since 1970.
 */
function aboveOthers({ clock }: MaildirContext): number {
  return Math.max(1, Math.floor(clock.now() / 1000))
}

/**
 * Marks the mailbox as ours, once it has an index. What another server has left there is not read again: its list would
 * give UIDs again that were given to other messages since. Answers false where the disk has no room for the mark: messages may leave
 * such a mailbox all the same.
 */
export async function markAsOurs(
  { files, directories }: MaildirContext,
  { path }: MailboxPlace,
): Promise<boolean> {
  try {
    await (await openNew(files, join(path, ownedFileName))).close()
    await directories.sync(path)
  } catch (error) {
    if (isDiskFull(error)) return false
    if (systemCode(error) !== 'EEXIST') throw error
  }
  return true
}

async function isOurs({ files }: MaildirContext, { path }: MailboxPlace): Promise<boolean> {
  try {
    return (await files.lstat(join(path, ownedFileName))).isFile()
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

function tell(
  { log }: MaildirContext,
  place: MailboxPlace,
  { fault }: IndexFile,
  { foreign, wasOurs, uidValidity }: StateBefore,
  wasRead: boolean,
): void {
  const file = join(place.path, indexFileName)
  if (foreign?.uidValidity !== undefined) {
    const reason = `taken over from ${foreign.source}: messages keep their UIDs`
    log.info('store-repaired', { file, reason, uidValidity })
    return
  }
  const facts = { file, reason: `${fault}: all messages get new UIDs`, uidValidity }
  // A mailbox that is made again under a name has lost nothing, nor has one that no program has read: all is in `new`.
  if (fault !== 'damaged' && !wasRead) return
  if (wasOurs) log.warn('store-repaired', facts)
  else log.info('store-repaired', facts)
}
