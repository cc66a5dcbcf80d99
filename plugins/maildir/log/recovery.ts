import { join } from 'node:path'
import type { MaildirContext } from '../context.ts'
import { isLeaseOver } from '../lock-file.ts'
import { ownerState } from '../lock-owner.ts'
import type { Logged, LoggedMessage } from './frame.ts'
import { restoreMessages } from './restoration.ts'
import { readSegment } from './segment.ts'
import { type SegmentFile, segmentFiles } from './segment-files.ts'
import { logDirectory } from './segments.ts'
import { settleMessages } from './settlement.ts'

const lockName = 'recovery.lock'
// Milliseconds: a start does not wait for it as long as a plugin may take (`pluginTimeout`).
const patience = 15_000

/** What a segment's file needs of whoever finds it. */
type Need =
  | 'nothing'
  /** Its process is gone, and what it wrote into mailboxes is there. */
  | 'settling'
  /** The machine was started anew. */
  | 'restoring'

/**
 * Finishes what processes that are gone have left in their logs: after a power cut puts back what mailboxes lack, else makes durable
 * what is in them. Throws where the disk fails: what was not finished stays for the next time.
 */
export async function recoverDeliveries(context: MaildirContext, root: string, boot: string): Promise<void> {
  const directory = join(root, logDirectory)
  if ((await segmentFiles(context.files, directory)).length === 0) return
  const lease = await context.locks.acquire(join(directory, lockName), patience)
  try {
    // Another process may have done it meanwhile.
    const owned = Map.groupBy(await segmentFiles(context.files, directory), ({ owner }) => owner)
    for (const segments of owned.values()) {
      const paths = segments.map(({ name }) => join(directory, name))
      const need = await needOf(context, paths, segments[0], boot)
      if (need === 'nothing') continue
      await recover(context, root, paths, need)
      for (const path of paths) await context.files.unlink(path)
      await context.directories.sync(directory)
    }
  } finally {
    await lease.release()
  }
}

async function needOf(
  { files, clock }: MaildirContext,
  paths: readonly string[],
  segment: SegmentFile | undefined,
  boot: string,
): Promise<Need> {
  if (segment === undefined) return 'nothing'
  if (segment.of.boot !== boot) return 'restoring'
  const state = ownerState(segment.of.owner)
  if (state !== 'unknown') return state === 'dead' ? 'settling' : 'nothing'
  // Of another container on this machine. A process that has a log writes to it every now and then.
  const times = await Promise.all(paths.map(async (path) => (await files.lstat(path)).mtimeMs))
  return times.every((time) => isLeaseOver(time, clock.now())) ? 'settling' : 'nothing'
}

async function recover(
  context: MaildirContext,
  root: string,
  paths: readonly string[],
  need: Need,
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
