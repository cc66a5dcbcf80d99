import { join } from 'node:path'
import type { Transfer } from 'mailwright'
import { type Arrival, admit, finishArrivals, finishArrivalsSoon, removeArrivals } from './arrival.ts'
import type { MaildirContext } from './context.ts'
import { isMissing, systemCode } from './disk-errors.ts'
import { copyFile } from './durable-file.ts'
import { removeRecords } from './expunge.ts'
import { chosenRecords } from './flag-change.ts'
import { inGroups } from './groups.ts'
import type { IndexRecord } from './index-record.ts'
import type { Chosen, MailboxState } from './mailbox-state.ts'
import { type Located, pathOf } from './scan.ts'

/** A message that was linked from another mailbox. */
interface Copy extends Arrival {
  readonly source: IndexRecord
}

const attempts = 4

/** Messages that went from one mailbox to another. */
export interface Transferred {
  readonly transfer: Transfer
  /** UIDs that are gone from the first. */
  readonly removed: readonly number[]
}

/**
 * Copies messages into another mailbox, all or none: they are linked into its `tmp`, then one write of its index makes
 * them part of it. Messages that are gone are left out.
 */
export async function copyMessages(
  source: MailboxState,
  target: MailboxState,
  chosen: Chosen,
): Promise<Transferred> {
  // Outside of the target's turn, which may be the source's own.
  const records = chosenRecords(source, chosen)
  return target.exclusively(async () => {
    const copies = await bringAll(source, target, records, false)
    if (copies.length === 0) return nothing(target)
    const given = await admit(target, copies)
    await finishArrivalsSoon(target)
    await takeSummaries(source, target, copies, given)
    tellOfArrival(source, target, given, 'copy')
    return { transfer: transferOf(target, copies, given), removed: [] }
  })
}

/**
 * Moves messages, all or none; both mailboxes are held meanwhile, so that no message goes to two places. The originals
 * are only removed when the copies are whole, in place and durable: a crash may leave both.
 */
export function moveMessages(
  source: MailboxState,
  target: MailboxState,
  chosen: Chosen,
): Promise<Transferred> {
  return holdingBoth(source, target, async () => {
    const copies = await bringAll(source, target, chosenRecords(source, chosen), source !== target)
    if (copies.length === 0) return nothing(target)
    const given = await admit(target, copies)
    let removed: readonly number[]
    try {
      await finishArrivals(target)
      await takeSummaries(source, target, copies, given)
      removed = await removeRecords(
        source,
        copies.map(({ source: { entry } }) => entry.uid),
      )
    } catch (error) {
      await takeBack(target, copies, given)
      throw error
    }
    tellOfArrival(source, target, given, 'move')
    if (removed.length > 0)
      source.context.announce.expunged(source.change({ cause: 'move', uids: removed, to: target.place.name }))
    return { transfer: transferOf(target, copies, given), removed }
  })
}

/** In the order of their paths, so that two moves in opposite directions do not wait for each other. */
function holdingBoth<T>(source: MailboxState, target: MailboxState, task: () => Promise<T>): Promise<T> {
  if (source === target) return source.exclusively(task)
  const [first, second] = source.place.path < target.place.path ? [source, target] : [target, source]
  return first.exclusively(() => second.exclusively(task))
}

function nothing({ uidValidity }: MailboxState): Transferred {
  return { transfer: { uidValidity, uids: [] }, removed: [] }
}

function transferOf(
  { uidValidity }: MailboxState,
  copies: readonly Copy[],
  given: readonly number[],
): Transfer {
  return { uidValidity, uids: copies.map(({ source }, at) => [source.entry.uid, given[at] ?? 0] as const) }
}

/** Links all messages into the target's `tmp`, durably, or none. */
async function bringAll(
  source: MailboxState,
  target: MailboxState,
  records: readonly IndexRecord[],
  keepNames: boolean,
): Promise<readonly Copy[]> {
  const copies: Copy[] = []
  try {
    await inGroups(records, async (record) => {
      const copy = await bring(source, target, record, keepNames)
      if (copy !== undefined) copies.push(copy)
    })
    if (copies.length > 0) await target.context.directories.sync(join(target.place.path, 'tmp'))
    return copies.sort((a, b) => a.source.entry.uid - b.source.entry.uid)
  } catch (error) {
    await removeArrivals(target, copies)
    throw error
  }
}

/** Undoes an arrival. Where that fails too there are two of the message, never none. */
async function takeBack(
  target: MailboxState,
  copies: readonly Copy[],
  given: readonly number[],
): Promise<void> {
  const { context, place, table } = target
  try {
    const leaving = copies.map(({ base }) => base)
    await target.write({ modSequence: table.modSequence + 1, removed: given, arrived: true, leaving })
    await removeArrivals(target, copies)
    await finishArrivals(target)
  } catch (error) {
    context.log.warn('unavailable', { mailbox: place.path, problem: 'a failed move may leave copies', error })
  }
}

/** What listings need goes along, as far as it is known. */
async function takeSummaries(
  source: MailboxState,
  target: MailboxState,
  copies: readonly Copy[],
  given: readonly number[],
): Promise<void> {
  await target.summaries.takeOver(
    source.summaries,
    copies.map((copy, at) => ({ from: copy.source, to: given[at] ?? 0 })),
  )
}

function tellOfArrival(
  source: MailboxState,
  target: MailboxState,
  uids: readonly number[],
  cause: 'copy' | 'move',
): void {
  target.context.announce.stored(target.change({ cause, uids, from: source.place.name }))
}

/** Links one message into the target's `tmp`, from whatever name it has now; undefined where it is gone. */
async function bring(
  source: MailboxState,
  target: MailboxState,
  record: IndexRecord,
  keepName: boolean,
): Promise<Copy | undefined> {
  let base = keepName && isFree(target, record.base) ? record.base : freshName(source.context, record.base)
  let located: Located | undefined = source.located(record)
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) located = (await source.look([record.base])).get(record.base)
    if (located === undefined) return undefined
    const { size, internalDate } = record.entry
    try {
      const from = pathOf(source.place.path, located)
      await linkOrCopy(source.context, from, join(target.place.path, 'tmp', base), internalDate)
      const { letters, rest } = located
      const { keywords } = record
      return { base, letters, rest, keywords, size, internalDate: internalDate.getTime(), source: record }
    } catch (error) {
      if (systemCode(error) === 'EEXIST') base = freshName(source.context, record.base)
      else if (!isMissing(error)) throw error
    }
  }
  return undefined
}

/** Whether no message of the mailbox has that name, nor one that is still to be removed from it. */
function isFree({ table }: MailboxState, base: string): boolean {
  return table.byBase(base) === undefined && !table.leaving.includes(base)
}

/** A new name that carries the sizes of the old one. */
function freshName({ names }: MaildirContext, base: string): string {
  const sizes = /(?:,[SW]=\d{1,15})+$/.exec(base)?.[0] ?? ''
  return `${names()}${sizes}`
}

/** A hard link where the file system can; else a copy, durable and with its date. */
async function linkOrCopy({ files }: MaildirContext, from: string, to: string, date: Date): Promise<void> {
  try {
    await files.link(from, to)
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'ENOSYS'].includes(systemCode(error) ?? '')) throw error
    await copyFile(files, from, to, date)
  }
}
