import { join } from 'node:path'
import type { MaildirContext } from './context.ts'
import { isMissing, systemCode } from './disk-errors.ts'
import { openNew, openToRead, readFully, writeFully } from './durable-file.ts'
import { removeRecords } from './expunge.ts'
import type { MailboxState } from './mailbox-state.ts'
import { formatFileName } from './message-name.ts'
import { type Newcomer, withNewcomers } from './newcomers.ts'
import { finishPending } from './pending.ts'
import { pathOf } from './scan.ts'

/** A message that lies in the target's `tmp`. */
interface Arrival extends Newcomer {
  /** The UID where it comes from. */
  readonly sourceUid: number
  readonly fileName: string
}

const chunkSize = 256 * 1024
const attempts = 4

/**
 * Copies messages into another mailbox, all or none: they are linked into its `tmp`, then one write of its list of UIDs
 * makes them part of it. Messages that are gone are left out.
 */
export function copyMessages(
  source: MailboxState,
  target: MailboxState,
  uids: readonly number[],
): Promise<void> {
  return target.exclusively(async () => {
    const arrivals = await bringAll(source, target, uids, false)
    if (arrivals.length === 0) return
    await admit(target, arrivals)
    try {
      await finishArrival(target)
    } catch (error) {
      const facts = { mailbox: target.place.path, problem: 'a copy is finished later', error }
      target.context.log.warn('unavailable', facts)
    }
    tellOfArrival(source, target, arrivals, 'copy')
  })
}

/**
 * Moves messages, all or none; both mailboxes are held meanwhile, so that no message goes to two places. The originals
 * are only removed when the copies are whole, in place and durable: a crash may leave both. Answers the UIDs removed.
 */
export function moveMessages(
  source: MailboxState,
  target: MailboxState,
  uids: readonly number[],
): Promise<readonly number[]> {
  return holdingBoth(source, target, async () => {
    const arrivals = await bringAll(source, target, uids, source !== target)
    if (arrivals.length === 0) return []
    await admit(target, arrivals)
    let removed: readonly number[]
    try {
      await finishArrival(target)
      removed = await removeRecords(
        source,
        arrivals.map(({ sourceUid }) => sourceUid),
      )
    } catch (error) {
      await takeBack(target, arrivals)
      throw error
    }
    tellOfArrival(source, target, arrivals, 'move')
    if (removed.length > 0)
      source.context.announce.expunged(source.change({ cause: 'move', uids: removed, to: target.place.name }))
    return removed
  })
}

/** In the order of their paths, so that two moves in opposite directions do not wait for each other. */
function holdingBoth<T>(source: MailboxState, target: MailboxState, task: () => Promise<T>): Promise<T> {
  if (source === target) return source.exclusively(task)
  const [first, second] = source.place.path < target.place.path ? [source, target] : [target, source]
  return first.exclusively(() => second.exclusively(task))
}

/** Links all messages into the target's `tmp`, durably, or none. */
async function bringAll(
  source: MailboxState,
  target: MailboxState,
  uids: readonly number[],
  keepNames: boolean,
): Promise<readonly Arrival[]> {
  const arrivals: Arrival[] = []
  try {
    for (const uid of [...new Set(uids)].sort((a, b) => a - b)) {
      const arrival = await bring(source, target, uid, keepNames)
      if (arrival !== undefined) arrivals.push(arrival)
    }
    if (arrivals.length > 0) await target.context.directories.sync(join(target.place.path, 'tmp'))
    return arrivals
  } catch (error) {
    await removeBrought(target, arrivals)
    throw error
  }
}

/** One write of the list gives them their UIDs and decides that they arrive. */
async function admit(target: MailboxState, arrivals: readonly Arrival[]): Promise<void> {
  const newcomers = arrivals.map(({ base, size, internalDate }) => ({ base, size, internalDate }))
  const arriving = [...target.list.arriving, ...arrivals.map(({ fileName }) => fileName)]
  try {
    await target.save({ ...withNewcomers(target.list, newcomers), arriving })
  } catch (error) {
    await removeBrought(target, arrivals)
    throw error
  }
}

async function finishArrival(target: MailboxState): Promise<void> {
  await target.save(await finishPending(target.context, target.place.path, target.list))
  await target.look()
}

/** Undoes an arrival. Where that fails too there are two of the message, never none. */
async function takeBack(target: MailboxState, arrivals: readonly Arrival[]): Promise<void> {
  const { context, list, place } = target
  const bases = new Set(arrivals.map(({ base }) => base))
  try {
    const records = list.records.filter(({ base }) => !bases.has(base))
    await target.save({ ...list, records, arriving: [], leaving: [...list.leaving, ...bases] })
    await removeBrought(target, arrivals)
    await finishArrival(target)
  } catch (error) {
    context.log.warn('unavailable', { mailbox: place.path, problem: 'a failed move may leave copies', error })
  }
}

async function removeBrought(target: MailboxState, arrivals: readonly Arrival[]): Promise<void> {
  for (const { base } of arrivals)
    await target.context.files.unlink(join(target.place.path, 'tmp', base)).catch(() => undefined)
}

function tellOfArrival(
  source: MailboxState,
  target: MailboxState,
  arrivals: readonly Arrival[],
  cause: 'copy' | 'move',
): void {
  const bases = new Set(arrivals.map(({ base }) => base))
  const uids = target.list.records.filter(({ base }) => bases.has(base)).map(({ uid }) => uid)
  target.context.announce.stored(target.change({ cause, uids, from: source.place.name }))
}

/** Links one message into the target's `tmp`, from whatever name it has now; undefined where it is gone. */
async function bring(
  source: MailboxState,
  target: MailboxState,
  uid: number,
  keepName: boolean,
): Promise<Arrival | undefined> {
  const record = source.record(uid)
  if (record === undefined) return undefined
  let base =
    keepName && target.located(record.base) === undefined
      ? record.base
      : freshName(source.context, record.base)
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0 || source.located(record.base) === undefined) await source.look([record.base])
    const located = source.located(record.base)
    if (located === undefined) return undefined
    try {
      const from = pathOf(source.place.path, located)
      await linkOrCopy(source.context, from, join(target.place.path, 'tmp', base), record.internalDate)
      return { ...record, base, sourceUid: uid, fileName: formatFileName({ ...located, base }) }
    } catch (error) {
      if (systemCode(error) === 'EEXIST') base = freshName(source.context, record.base)
      else if (!isMissing(error)) throw error
    }
  }
  return undefined
}

/** A new name that carries the sizes of the old one. */
function freshName({ names }: MaildirContext, base: string): string {
  const sizes = /(?:,[SW]=\d{1,15})+$/.exec(base)?.[0] ?? ''
  return `${names()}${sizes}`
}

/** A hard link where the file system can; else a copy, durable and with its date. */
async function linkOrCopy(context: MaildirContext, from: string, to: string, date: number): Promise<void> {
  try {
    await context.files.link(from, to)
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'ENOSYS'].includes(systemCode(error) ?? '')) throw error
    await copyFile(context, from, to, new Date(date))
  }
}

async function copyFile({ files }: MaildirContext, from: string, to: string, date: Date): Promise<void> {
  const source = await openToRead(files, from)
  try {
    const copy = await openNew(files, to)
    try {
      for (let position = 0; ; ) {
        const chunk = await readFully(source, chunkSize, position)
        if (chunk.length === 0) break
        await writeFully(copy, chunk, position)
        position += chunk.length
      }
      await copy.utimes(date, date)
      await copy.sync()
    } finally {
      await copy.close()
    }
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') await files.unlink(to).catch(() => undefined)
    throw error
  } finally {
    await source.close()
  }
}
