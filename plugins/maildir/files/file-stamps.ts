import { isMissing } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import type { FileStatus } from './file-system.ts'

/** What was at a path at one moment. */
export interface FileStamp {
  readonly isDirectory: boolean
  readonly device: number
  readonly inode: number
  /** When it last changed, which no program can set: milliseconds since 1970. */
  readonly changed: number
  /** Whether every change after the look gives another stamp. */
  readonly isSettled: boolean
}

/** Stamps by path. */
export type FileStamps = ReadonlyMap<string, FileStamp>

/** Where there is nothing: what comes there has another stamp in any case. */
export const nothing: FileStamp = { isDirectory: false, device: -1, inode: -1, changed: -1, isSettled: true }

// Kernels take a file's time from a clock that ticks every 10 ms or faster: two changes within a tick look like one.
const clockTick = 30

/** Looks at paths. What is read of them afterwards is as new as the stamps, or newer. Rejects for trouble of the disk. */
export async function stampsOf(
  { batches, clock }: Pick<MaildirContext, 'batches' | 'clock'>,
  paths: readonly string[],
): Promise<FileStamps> {
  const stamps = new Map<string, FileStamp>()
  if (paths.length === 0) return stamps
  const now = clock.now()
  const found = await batches.status(paths)
  for (const [at, result] of found.entries()) {
    if (result.status === 'rejected' && !isMissing(result.reason)) throw result.reason
    stamps.set(paths[at] ?? '', result.status === 'fulfilled' ? stampOf(result.value, now) : nothing)
  }
  return stamps
}

function stampOf(status: FileStatus, now: number): FileStamp {
  const { dev, ino, ctimeMs } = status
  return {
    isDirectory: status.isDirectory(),
    device: dev,
    inode: ino,
    changed: ctimeMs,
    isSettled: now - ctimeMs > clockTick,
  }
}

/** Whether nothing can have changed between two looks: in a directory no name has come, gone, or got another file. */
export function isUnchanged(before: FileStamp | undefined, after: FileStamp | undefined): boolean {
  return (
    before?.isSettled === true &&
    before.changed === after?.changed &&
    before.inode === after.inode &&
    before.device === after.device
  )
}

/** The same of everything that was looked at before. */
export function areUnchanged(before: FileStamps, after: FileStamps): boolean {
  for (const [path, stamp] of before) if (!isUnchanged(stamp, after.get(path))) return false
  return true
}
