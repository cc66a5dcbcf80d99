import { dirname } from 'node:path'
import { writeFully } from 'mailwright/disk'
import type { MboxContext } from './context.ts'
import { ifThere } from './disk-errors.ts'
import { openFile, readPieces, readRange, syncDirectory, using } from './durable-file.ts'
import type { OpenFile } from './file-system.ts'
import type { MailboxPlace } from './mailbox-files.ts'
import type { LockedFile } from './mailbox-lock.ts'
import { readTailChange, type TailChange, TailFile, tailHeaderSize } from './tail-file.ts'

/** What became of a change that was under way. */
export type Settled = 'none' | 'finished' | 'dropped' | 'set-aside'

const pendingSuffix = '.pending'
const nul = Buffer.of(0)

/** Where a change that is under way lies. */
export function pendingPath({ control }: MailboxPlace): string {
  return control + pendingSuffix
}

/**
 * Makes a change that a file in the spool holds: all of it, or, where it fails, none. The mailbox is locked.
 *
 * Other programs have the mailbox's file open or wait for its lock, so it cannot be replaced by another one. It is
 * changed where it is, with the new part at hand in the file `.pending` until that is done: {@link settleChange} tells
 * from the octets at two places how far it has got, also when others have put messages behind it meanwhile.
 *
 * | | first | then | last |
 * | --- | --- | --- | --- |
 * | larger | the file grows; NUL is where it ended | all but that octet | that octet |
 * | smaller | NUL where the part begins and where the file will end | all but these | the first of them; the file is cut |
 * | as large | NUL where the part begins | all but that octet | that octet |
 *
 * A rewrite is flushed between these steps. An append is not: without power nobody has been promised anything yet, and
 * what a crash of this process leaves is in the system's memory.
 */
export async function makeChange(
  context: MboxContext,
  place: MailboxPlace,
  locked: LockedFile,
  spooled: string,
  change: TailChange,
): Promise<void> {
  const { files, log } = context
  const pending = pendingPath(place)
  await files.rename(spooled, pending)
  try {
    if (change.kind === 'rewrite') await syncDirectory(files, dirname(pending))
    await using(openFile(files, pending, 'read'), async (tail) => {
      if (change.newSize > change.oldSize) await grow(locked.file, change)
      await apply(locked.file, tail, change)
    })
  } catch (error) {
    if (!(await wasMade(context, place, locked, change))) throw error
    log.warn('unavailable', {
      mailbox: locked.path,
      problem: 'a change was finished at the second try',
      error,
    })
  }
  // Where it stays, it is seen to be finished.
  await files.unlink(pending).catch(() => undefined)
}

/** After a failure: takes the change back where it can, else finishes it. */
async function wasMade(
  context: MboxContext,
  place: MailboxPlace,
  locked: LockedFile,
  change: TailChange,
): Promise<boolean> {
  try {
    const { size } = await locked.file.stat()
    // Whatever is behind the old end is ours, for we have the lock, and nothing before it has been touched.
    if (change.kind === 'append') {
      if (size > change.oldSize) await locked.file.truncate(change.oldSize)
      await context.files.unlink(pendingPath(place)).catch(() => undefined)
      return false
    }
    return (await settleChange(context, place, locked)) === 'finished'
  } catch (error) {
    context.log.warn('unavailable', { mailbox: locked.path, problem: 'a change is settled later', error })
    return false
  }
}

async function apply(file: OpenFile, tail: OpenFile, change: TailChange): Promise<void> {
  const { from, oldSize, newSize, kind } = change
  const flush = async (): Promise<void> => {
    if (kind === 'rewrite') await file.datasync()
  }
  if (newSize > oldSize) {
    await flush()
    await copyTail(file, tail, change, [oldSize])
    await flush()
    await copyOctet(file, tail, change, oldSize)
    await flush()
    return
  }
  await writeFully(file, nul, from)
  if (newSize < oldSize) await writeFully(file, nul, newSize)
  await flush()
  await copyTail(file, tail, change, [from])
  await flush()
  await copyOctet(file, tail, change, from)
  await flush()
  if (newSize < oldSize) await file.truncate(newSize)
  await flush()
}

/** Makes the file larger, with room on the disk for a rewrite: once octets are replaced it must not fail for lack of it. */
async function grow(file: OpenFile, { kind, oldSize, newSize }: TailChange): Promise<void> {
  try {
    await file.truncate(newSize)
    if (kind === 'rewrite') await writeFully(file, Buffer.alloc(newSize - oldSize), oldSize)
  } catch (error) {
    await file.truncate(oldSize).catch(() => undefined)
    throw error
  }
}

/** Copies the new part, but for some octets. */
async function copyTail(
  file: OpenFile,
  tail: OpenFile,
  { from, newSize }: TailChange,
  except: readonly number[],
): Promise<void> {
  let position = from
  for await (const piece of readPieces(tail, tailHeaderSize, tailHeaderSize + newSize - from)) {
    const end = position + piece.length
    let start = position
    for (const hole of except.filter((place) => place >= position && place < end)) {
      await writeFully(file, piece.subarray(start - position, hole - position), start)
      start = hole + 1
    }
    await writeFully(file, piece.subarray(start - position), start)
    position = end
  }
  if (position !== newSize) throw new RangeError('the new part of a mailbox is not all there')
}

async function copyOctet(file: OpenFile, tail: OpenFile, { from }: TailChange, place: number): Promise<void> {
  const at = tailHeaderSize + place - from
  await writeFully(file, await readRange(tail, at, at + 1), place)
}

/**
 * Finishes or drops a change that somebody of us had begun and not finished. The mailbox is locked. What other
 * programs have put behind it in between stays. Where the file is not any more what the change was for, its new part is
 * set aside, so that nothing is lost.
 */
export async function settleChange(
  context: MboxContext,
  place: MailboxPlace,
  locked: LockedFile,
): Promise<Settled> {
  const { files, log } = context
  const pending = pendingPath(place)
  const status = await ifThere(files.lstat(pending))
  if (status === undefined) return 'none'
  const settled = await using(openFile(files, pending, 'read'), async (tail) => {
    const change = await readTailChange(tail)
    return change === undefined ? 'dropped' : settle(context, place, locked, tail, change)
  })
  if (settled === 'set-aside') await files.rename(pending, `${place.control}.rescued.${status.ino}`)
  else await ifThere(files.unlink(pending))
  if (settled !== 'dropped')
    log.warn('store-repaired', { mailbox: locked.path, reason: `a change was ${settled}` })
  return settled
}

async function settle(
  context: MboxContext,
  place: MailboxPlace,
  locked: LockedFile,
  tail: OpenFile,
  change: TailChange,
): Promise<Settled> {
  const { file } = locked
  const { kind, from, oldSize, newSize } = change
  const { size, dev, ino } = await file.stat()
  const other = dev !== change.dev || ino !== change.ino || size < Math.min(oldSize, newSize)
  if (other) return kind === 'append' ? 'dropped' : 'set-aside'
  if (!(await isBegun(file, change)))
    return size === newSize && (await isInPlace(file, tail, change)) ? 'finished' : 'dropped'
  const appended = newSize > oldSize ? size - newSize : size - oldSize
  if (newSize >= oldSize || appended === 0) {
    if (appended < 0) return 'set-aside'
    await apply(file, tail, change)
    return 'finished'
  }
  if (appended < 0) return 'set-aside'
  // Others have written behind the old end, which is to be cut off: what they wrote moves down, as a change of its own.
  await writeFully(file, nul, from)
  await writeFully(file, nul, newSize)
  await copyTail(file, tail, change, [from])
  await file.datasync()
  await copyOctet(file, tail, change, from)
  await file.datasync()
  await cutOut(context, place, locked, newSize, oldSize)
  return 'finished'
}

/** Whether octets have been touched and not all are in place yet. */
async function isBegun(file: OpenFile, { from, oldSize, newSize }: TailChange): Promise<boolean> {
  const marks = newSize > oldSize ? [oldSize] : newSize < oldSize ? [from, newSize] : [from]
  for (const mark of marks) if ((await readRange(file, mark, mark + 1))[0] === 0) return true
  return false
}

async function isInPlace(file: OpenFile, tail: OpenFile, { from, newSize }: TailChange): Promise<boolean> {
  let position = from
  for await (const piece of readPieces(tail, tailHeaderSize, tailHeaderSize + newSize - from)) {
    if (!(await readRange(file, position, position + piece.length)).equals(piece)) return false
    position += piece.length
  }
  return true
}

/**
 * Takes octets out of a mailbox's file, which is locked; what is behind them moves down. All or nothing, as every change.
 */
export async function cutOut(
  context: MboxContext,
  place: MailboxPlace,
  locked: LockedFile,
  from: number,
  to: number,
): Promise<void> {
  const { dev, ino, size } = await locked.file.stat()
  if (to >= size) return locked.file.truncate(from)
  const tail = await TailFile.create(context, place)
  const change: TailChange = { kind: 'rewrite', dev, ino, from, oldSize: size, newSize: size - (to - from) }
  try {
    for await (const piece of readPieces(locked.file, to, size)) await tail.add(piece)
    await tail.describe(change)
    await tail.sync()
  } finally {
    await tail.close()
  }
  await makeChange(context, place, locked, tail.path, change)
}
