import { setTimeout as pause } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { type Clock, type Lease, type Timer, UnavailableError } from 'mailwright'
import { isMissing, systemCode } from './disk-errors.ts'
import type { FileSystem } from './file-system.ts'
import { formatOwner, heldLocks, newOwner, ownerState, parseOwner } from './lock-owner.ts'

/** Milliseconds after which a lock whose owner cannot be seen from here (another machine) counts as left behind. */
export const leaseTime = 120_000

/** Nobody can have taken over a lock that was taken less than so many milliseconds ago, whatever clocks say. */
const surelyOurs: number = leaseTime / 12

/** A lock that is held. */
export interface HeldLock extends Lease {
  /** Its directory has got another name, and it went along. */
  movedTo(path: string): void
}

const attempts = 5
const longestWait = 30_000
const shortestPause = 2
const longestPause = 50

/**
 * Locks between processes. A lock is a symbolic link that leads nowhere and whose target names its owner: making it is
 * atomic with its content, and fails where it exists. A lock whose owner is dead is taken over by one process only: the
 * one that holds the lock on taking over this very lock, so that nobody can remove a lock that someone else has just
 * taken.
 */
export class LockFiles {
  readonly #files: FileSystem
  readonly #clock: Clock

  constructor(files: FileSystem, clock: Clock) {
    this.#files = files
    this.#clock = clock
  }

  /** Takes the lock, or answers undefined where somebody has it. */
  async tryAcquire(path: string): Promise<HeldLock | undefined> {
    const text = formatOwner(newOwner())
    heldLocks.add(text)
    let lease: HeldLock | undefined
    try {
      if (await this.#take(path, text)) lease = this.#lease(path, text)
    } finally {
      if (lease === undefined) heldLocks.delete(text)
    }
    return lease
  }

  /** Takes the lock, waiting for others; MAIL_E_UNAVAILABLE where that takes too long. */
  async acquire(path: string): Promise<HeldLock> {
    let next = shortestPause
    for (let waited = 0; waited < longestWait; waited += next) {
      const lease = await this.tryAcquire(path)
      if (lease !== undefined) return lease
      next = Math.min(next * 2, longestPause)
      await pause(next)
    }
    throw new UnavailableError(`${path} has been locked for too long by ${await this.#holder(path)}`)
  }

  async #take(path: string, text: string): Promise<boolean> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (await this.#make(text, path)) return true
      const holder = await this.#holder(path)
      // A network file system may have made it and answered that it exists, because the request was sent twice.
      if (holder === text) return true
      if (holder === undefined) continue
      if (!(await this.#isLeftBehind(path, holder))) return false
      if (await this.#takeOver(path, holder, text)) return true
    }
    return false
  }

  async #make(text: string, path: string): Promise<boolean> {
    try {
      await this.#files.symlink(text, path)
      return true
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false
      throw error
    }
  }

  /** The owner's text; undefined where there is no lock. Something that is no link is a lock of nobody we know. */
  async #holder(path: string): Promise<string | undefined> {
    try {
      return await this.#files.readlink(path)
    } catch (error) {
      if (isMissing(error)) return undefined
      if (systemCode(error) === 'EINVAL') return ''
      throw error
    }
  }

  async #isLeftBehind(path: string, holder: string): Promise<boolean> {
    const owner = parseOwner(holder)
    const state = owner === undefined ? 'unknown' : ownerState(owner)
    if (state !== 'unknown') return state === 'dead'
    try {
      const { mtimeMs } = await this.#files.lstat(path)
      return mtimeMs + leaseTime < this.#clock.now()
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  /** Replaces the lock of a dead owner by ours, unless somebody else was first. */
  async #takeOver(path: string, holder: string, text: string): Promise<boolean> {
    const guardPath = `${path}.${crc32(holder).toString(16)}`
    const guard = await this.tryAcquire(guardPath)
    if (guard === undefined) return false
    try {
      // Nobody but the guard's holder replaces this lock, so it stays what it is until the rename.
      if ((await this.#holder(path)) !== holder) return false
      const fresh = `${guardPath}.new`
      if (!(await this.#make(text, fresh))) {
        // Left by somebody who held the guard and died.
        await this.#files.unlink(fresh)
        await this.#files.symlink(text, fresh)
      }
      await this.#files.rename(fresh, path)
      return true
    } finally {
      await guard.release()
    }
  }

  #lease(taken: string, text: string): HeldLock {
    let path = taken
    let timer: Timer | undefined
    const age = ageBy(this.#clock)
    const renew = (): void => {
      const now = new Date(this.#clock.now())
      // A renewal that fails only matters to other machines, and only when many fail.
      this.#files.lutimes(path, now, now).catch(() => undefined)
      timer = this.#clock.after(leaseTime / 4, renew)
    }
    timer = this.#clock.after(leaseTime / 4, renew)
    const release = async (): Promise<void> => {
      timer?.cancel()
      try {
        if (age() < surelyOurs || (await this.#holder(path)) === text) await this.#files.unlink(path)
      } catch {
        // It stays, but is no longer held: the next who wants it takes it over.
      } finally {
        heldLocks.delete(text)
      }
    }
    let released: Promise<void> | undefined
    return {
      movedTo: (moved) => {
        path = moved
      },
      release: () => {
        released ??= release()
        return released
      },
    }
  }
}

/** Milliseconds from now on. The clocks differ where the machine slept: then the longer time counts. */
function ageBy(clock: Clock): () => number {
  const [began, monotonic] = [clock.now(), clock.monotonic()]
  return () => Math.max(Math.abs(clock.now() - began), clock.monotonic() - monotonic)
}
