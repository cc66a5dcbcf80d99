import { join } from 'node:path'
import { isFarAway, isMissing, isOfEarlierBoot } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import type { FileSystem } from '../files/file-system.ts'
import { ownerState } from '../files/lock-owner.ts'
import type { Logged, LoggedMessage } from './frame.ts'
import { restoreMessages } from './restoration.ts'
import { readSegment } from './segment.ts'
import { type SegmentFile, segmentFiles } from './segment-files.ts'
import { logDirectory } from './segments.ts'
import { settleMessages } from './settlement.ts'
import { longestSilence } from './times.ts'

const lockName = 'recovery.lock'
// Milliseconds: a start does not wait for it as long as a plugin may take (`pluginTimeout`).
const patience = 15_000

/** What a segment's file needs of whoever finds it. */
type Need =
  /** Its process is at work. */
  | 'nothing'
  /** Its process cannot be seen from here, and may be at work. */
  | 'time'
  /** Its process is gone, and what it wrote into mailboxes is there. */
  | 'settling'
  /** The machine was started anew. */
  | 'restoring'

/**
 * Finishes what processes that are gone have left in their logs: after a power cut puts back what mailboxes lack, else makes durable
 * what is in them. Answers whether that is all: false where it is not known yet of some whether they are gone. Throws where the disk
 * fails: what was not finished stays for the next time.
 */
export async function recoverDeliveries(
  context: MaildirContext,
  root: string,
  boot: string,
): Promise<boolean> {
  const directory = join(root, logDirectory)
  if ((await segmentFiles(context.files, directory)).length === 0) return true
  let isAll = true
  const lease = await context.locks.acquire(join(directory, lockName), patience)
  try {
    // Another process may have done it meanwhile.
    const owned = Map.groupBy(await segmentFiles(context.files, directory), ({ owner }) => owner)
    for (const segments of owned.values()) {
      const paths = segments.map(({ name }) => join(directory, name))
      const need = await needOf(context, directory, segments, boot)
      if (need === 'time') isAll = false
      if (need === 'nothing' || need === 'time') continue
      await recover(context, root, paths, need)
      for (const path of paths) await context.files.unlink(path)
      await context.directories.sync(directory)
    }
  } finally {
    await lease.release()
  }
  return isAll
}

async function needOf(
  { files, clock }: MaildirContext,
  directory: string,
  segments: readonly SegmentFile[],
  boot: string,
): Promise<Need> {
  const [segment] = segments
  if (segment === undefined) return 'nothing'
  const isOfThisBoot = segment.of.boot === boot
  const state = isOfThisBoot ? ownerState(segment.of.owner) : 'unknown'
  if (state !== 'unknown') return state === 'dead' ? 'settling' : 'nothing'
  const found = await Promise.all(segments.map(({ name }) => lastWritten(files, join(directory, name))))
  const times = found.filter((time) => time !== undefined)
  // One that removes them lives.
  if (times.length < found.length) return 'nothing'
  // Of a container. Also where a clock was ahead then.
  if (times.every((time) => Math.abs(clock.now() - time) > longestSilence))
    return isOfThisBoot ? 'settling' : 'restoring'
  if (isOfThisBoot) return 'time'
  // Containers may have boot ids of their own: another one is not yet an earlier one.
  const isEarlier = isOfEarlierBoot({ ...segment.of.owner, boot: segment.of.boot }, Math.max(...times))
  return isEarlier && !isFarAway((await files.statfs(directory)).type) ? 'restoring' : 'time'
}

/** Undefined where it is not there any more. */
async function lastWritten(files: FileSystem, path: string): Promise<number | undefined> {
  try {
    return (await files.lstat(path)).mtimeMs
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function recover(
  context: MaildirContext,
  root: string,
  paths: readonly string[],
  need: 'settling' | 'restoring',
): Promise<void> {
  const forgotten = new Set<string>()
  // All notes first: they may be in a later segment than what they are about.
  await eachOf(context, paths, (logged) => {
    if ('message' in logged) return
    for (const base of logged.forgotten.bases) forgotten.add(keyOf(logged.forgotten.path, base))
  })
  let [restored, lost, found] = [0, 0, 0]
  for (const path of paths) {
    const messages: LoggedMessage[] = []
    await eachOf(context, [path], (logged) => {
      if ('message' in logged && !forgotten.has(keyOf(logged.message.path, logged.message.base)))
        messages.push(logged.message)
    })
    found += messages.length
    if (need === 'settling') {
      for (const [mailbox, some] of Map.groupBy(messages, (message) => message.path))
        await settleMessages(
          context,
          join(root, mailbox),
          some.map(({ base }) => base),
        )
      continue
    }
    const sums = await restoreMessages(context, root, messages, 'what is read')
    restored += sums.restored
    lost += sums.lost
  }
  if (restored + lost > 0)
    context.log.warn('store-repaired', { reason: 'a power cut', messages: found, restored, lost })
}

async function eachOf(
  context: MaildirContext,
  paths: readonly string[],
  see: (logged: Logged) => void,
): Promise<void> {
  for (const path of paths) for (const logged of await readSegment(context, path)) see(logged)
}

function keyOf(path: string, base: string): string {
  return `${path}\0${base}`
}
