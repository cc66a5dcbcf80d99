import { type Clock, type Log, UnavailableError, wait } from 'mailwright'
import { type DotLock, tryDotLock } from './dot-lock.ts'
import { openFile, openOrMake } from './durable-file.ts'
import type { FileStatus, FileSystem, OpenFile } from './file-system.ts'

export interface LockOptions {
  readonly files: FileSystem
  readonly clock: Clock
  readonly log: Log
  /** What to do where the directory does not let us make a dot-lock, or whether to make any. */
  readonly dotLock: 'required' | 'where-possible' | 'never'
  /** Milliseconds after which somebody's dot-lock counts as left behind. */
  readonly staleLock: number
  /** Milliseconds for which others' locks are waited for. */
  readonly lockTimeout: number
}

/** A mailbox's file, open and locked. */
export interface LockedFile {
  readonly file: OpenFile
  readonly path: string
  /** Closes it. Never fails: what is closed is no longer locked. */
  release(): Promise<void>
}

const shortestPause = 2
const longestPause = 50

/**
 * Locks of mailboxes between processes, ours and others'. To write: fcntl on the file, then the dot-lock, each without
 * waiting for it; where one is taken the other is given back before the next attempt. So it does not matter in which
 * order others take theirs. To read: fcntl, shared.
 */
export class MailboxLocks {
  readonly #options: LockOptions
  #warned = false

  constructor(options: LockOptions) {
    this.#options = options
  }

  /** Waits for the lock; MAIL_E_UNAVAILABLE where that takes too long, ENOENT where there is no file. */
  acquire(path: string, kind: 'shared' | 'exclusive'): Promise<LockedFile> {
    return this.#waitFor(path, () => this.#try(path, kind))
  }

  /** Takes a lock of our own on a file that is nothing else, or answers undefined where somebody has it. */
  async tryOwn(path: string): Promise<LockedFile | undefined> {
    const file = await openOrMake(this.#options.files, path)
    return (await locked(file, 'exclusive')) ? lockedFile(path, file) : undefined
  }

  /** The same, waiting. */
  acquireOwn(path: string): Promise<LockedFile> {
    return this.#waitFor(path, () => this.tryOwn(path))
  }

  async #waitFor(path: string, attempt: () => Promise<LockedFile | undefined>): Promise<LockedFile> {
    const { clock, lockTimeout } = this.#options
    const start = clock.monotonic()
    for (let pause = shortestPause; ; pause = Math.min(pause * 2, longestPause)) {
      const locked = await attempt()
      if (locked !== undefined) return locked
      if (clock.monotonic() - start > lockTimeout)
        throw new UnavailableError(`${path} has been locked by somebody else for too long`)
      await wait(clock, pause)
    }
  }

  async #try(path: string, kind: 'shared' | 'exclusive'): Promise<LockedFile | undefined> {
    const { files } = this.#options
    const file = await openFile(files, path, kind === 'shared' ? 'read' : 'write')
    if (!(await locked(file, kind))) return undefined
    let dotLock: DotLock | undefined
    try {
      const status = await file.stat()
      if (!status.isFile()) throw new UnavailableError(`${path} is not a file`)
      // Somebody may have put another file there while we waited for this one.
      const now = await files.lstat(path)
      const made =
        now.ino === status.ino && now.dev === status.dev ? await this.#dot(path, status, kind) : 'busy'
      if (made !== 'busy') dotLock = made
      if (made === 'busy') await file.close()
      return made === 'busy' ? undefined : lockedFile(path, file, dotLock)
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
  }

  async #dot(
    path: string,
    status: FileStatus,
    kind: 'shared' | 'exclusive',
  ): Promise<DotLock | undefined | 'busy'> {
    const { dotLock, log } = this.#options
    if (kind === 'shared' || dotLock === 'never') return undefined
    const made = await tryDotLock(this.#options, path, status)
    if (made !== 'refused') return made
    if (dotLock === 'required')
      throw new UnavailableError(`no lock file can be made beside ${path}; see the option dotLock`)
    if (!this.#warned)
      log.warn('unavailable', { mailbox: path, problem: 'no dot-lock can be made here; fcntl alone locks' })
    this.#warned = true
    return undefined
  }
}

/** Locks an open file, or closes it. */
async function locked(file: OpenFile, kind: 'shared' | 'exclusive'): Promise<boolean> {
  let taken = false
  try {
    taken = await file.tryLock(kind)
  } finally {
    if (!taken) await file.close()
  }
  return taken
}

function lockedFile(path: string, file: OpenFile, dotLock?: DotLock): LockedFile {
  let released: Promise<void> | undefined
  const release = async (): Promise<void> => {
    await dotLock?.release()
    await file.close().catch(() => undefined)
  }
  return {
    file,
    path,
    release() {
      released ??= release()
      return released
    },
  }
}
