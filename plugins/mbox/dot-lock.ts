import { dirname, join } from 'node:path'
import type { Clock, Timer } from 'mailwright'
import { isFarAway, isMissing, systemCode, writeFully } from 'mailwright/disk'
import { ifThere } from './disk-errors.ts'
import { openFile, openNew, readRange, using } from './durable-file.ts'
import type { FileStatus, FileSystem } from './file-system.ts'
import {
  endLock,
  isLeftLock,
  isLockOfEarlierBoot,
  type LockedInode,
  longestLockText,
  newLock,
} from './lock-text.ts'

/** A dot-lock that is held. */
export interface DotLock {
  /** Never fails. */
  release(): Promise<void>
}

export interface DotLockOptions {
  readonly files: FileSystem
  readonly clock: Clock
  /** Milliseconds after which a lock that nobody renews counts as left behind. */
  readonly staleLock: number
}

const lockMode = 0o444
const temporaryPrefix = '.mailwright-lock-'
let made = 0

/**
 * Makes the file `path.lock`, as procmail, Postfix and liblockfile do: a file of another name is linked there, which is
 * atomic also on network file systems. Whoever calls holds the fcntl lock on that inode already. A lock that a dead
 * process of ours has left is replaced at once, and so is one of before a power cut; any other counts as left when it is older than `staleLock`.
 *
 * Answers `busy` where somebody has the lock, `refused` where the directory does not let us make files.
 */
export async function tryDotLock(
  options: DotLockOptions,
  path: string,
  inode: LockedInode,
): Promise<DotLock | 'busy' | 'refused'> {
  const lock = `${path}.lock`
  const { files } = options
  const holder = await ifThere(files.lstat(lock))
  if (holder !== undefined && !(await removeLeftLock(options, lock, holder, inode))) return 'busy'
  const temporary = temporaryName(path)
  const text = newLock(inode)
  let taken = false
  try {
    await using(openNew(files, temporary, lockMode), async (file) => {
      await writeFully(file, Buffer.from(text), 0)
      // After a power cut its name may be there without its text.
      await file.datasync()
    })
    taken = await linked(files, temporary, lock)
    return taken ? held(options, lock, text) : 'busy'
  } catch (error) {
    if (isRefusal(error)) return 'refused'
    throw error
  } finally {
    if (!taken) endLock(text)
    await files.unlink(temporary).catch(() => undefined)
  }
}

/** Whether a file of a directory is one that the making of a lock has left behind. */
export function isLockDebris(name: string): boolean {
  return name.startsWith(temporaryPrefix)
}

async function linked(files: FileSystem, temporary: string, lock: string): Promise<boolean> {
  try {
    await files.link(temporary, lock)
    return true
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    // A network file system may have made it and answered that it exists, because the request was sent twice.
    return (await files.lstat(temporary)).nlink === 2
  }
}

/** Removes a lock that was left behind. Answers false where it was not, or where somebody was faster. */
async function removeLeftLock(
  options: DotLockOptions,
  lock: string,
  holder: FileStatus,
  inode: LockedInode,
): Promise<boolean> {
  const { files, clock, staleLock } = options
  try {
    // Also where a clock was ahead then.
    const isOld = Math.abs(clock.now() - holder.mtimeMs) > staleLock
    if (!isOld && !(await isLeft(files, lock, holder, inode))) return false
    const grave = temporaryName(lock)
    await files.rename(lock, grave)
    const buried = await files.lstat(grave)
    const isMeant = buried.ino === holder.ino && buried.mtimeMs === holder.mtimeMs
    // Somebody else has replaced it in between by one of their own: it goes back.
    if (!isMeant) await files.link(grave, lock)
    await files.unlink(grave)
    return isMeant
  } catch (error) {
    if (isMissing(error)) return true
    if (isRefusal(error) || ['EEXIST', 'ELOOP'].includes(systemCode(error) ?? '')) return false
    throw error
  }
}

async function isLeft(
  files: FileSystem,
  lock: string,
  holder: FileStatus,
  inode: LockedInode,
): Promise<boolean> {
  const text = await readText(files, lock)
  if (isLeftLock(text, inode)) return true
  // On a disk that machines share, another machine may hold it.
  return isLockOfEarlierBoot(text, holder.mtimeMs) && !isFarAway((await files.statfs(dirname(lock))).type)
}

function held({ files, clock, staleLock }: DotLockOptions, lock: string, text: string): DotLock {
  let timer: Timer | undefined
  const renew = (): void => {
    const now = new Date(clock.now())
    // One renewal that fails does no harm: others count a lock as left behind after several times this long.
    files.utimes(lock, now, now).catch(() => undefined)
    timer = clock.after(staleLock / 10, renew)
  }
  timer = clock.after(staleLock / 10, renew)
  return {
    async release() {
      timer?.cancel()
      try {
        // Somebody may have taken it for one that was left behind; then it is theirs.
        if ((await readText(files, lock)) === text) await files.unlink(lock)
      } catch {
        // It stays, but nobody holds it: the next of us replaces it.
      } finally {
        endLock(text)
      }
    },
  }
}

function readText(files: FileSystem, lock: string): Promise<string> {
  return using(openFile(files, lock, 'read'), async (file) =>
    (await readRange(file, 0, longestLockText)).toString('latin1'),
  )
}

function isRefusal(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')
}

function temporaryName(path: string): string {
  return join(dirname(path), `${temporaryPrefix}${process.pid}-${++made}-${Date.now()}`)
}
