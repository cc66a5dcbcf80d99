import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import {
  type Clock,
  isDiskFull,
  isFarAway,
  isMissing,
  isOfEarlierBoot,
  type Lease,
  systemCode,
  type Timer,
  UnavailableError,
} from 'mailwright'
import type { FileSystem } from './file-system.ts'
import { formatOwner, heldLocks, type LockOwner, newOwner, ownerState, parseOwner } from './lock-owner.ts'
import type { LockClaim, SpareLinks } from './spare-links.ts'

/** Milliseconds after which a lock whose owner cannot be seen from here (another machine, another container) counts as left behind. */
export const leaseTime = 120_000

/** Whether what its owner should have renewed at a time counts as left behind: also where a clock was ahead then. */
function isLeaseOver(renewed: number, now: number): boolean {
  return Math.abs(now - renewed) > leaseTime
}

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
  readonly #spares: SpareLinks | undefined

  /** With `spares` also where the disk has no more inodes. */
  constructor(files: FileSystem, clock: Clock, spares?: SpareLinks) {
    this.#files = files
    this.#clock = clock
    this.#spares = spares
  }

  /** Takes the lock, or answers undefined where somebody has it. */
  async tryAcquire(path: string): Promise<HeldLock | undefined> {
    const text = formatOwner(newOwner())
    try {
      return await this.#tryWith(path, { text, make: (at) => this.#files.symlink(text, at) }, () => undefined)
    } catch (error) {
      const spare = isDiskFull(error) ? this.#spares?.take() : undefined
      if (spare === undefined) throw error
      return await this.#tryWith(path, spare, () => this.#spares?.giveBack(spare)).catch(() => {
        // Somebody may have removed it, or the path is on another disk: what is in the way is that this one is full.
        throw error
      })
    }
  }

  async #tryWith(path: string, claim: LockClaim, ended: () => void): Promise<HeldLock | undefined> {
    heldLocks.add(claim.text)
    let lease: HeldLock | undefined
    try {
      if (await this.#take(path, claim)) lease = this.#lease(path, claim.text, ended)
    } finally {
      if (lease === undefined) {
        heldLocks.delete(claim.text)
        ended()
      }
    }
    return lease
  }

  /** Takes the lock, waiting for others; MAIL_E_UNAVAILABLE where that takes too long. */
  async acquire(path: string, patience: number = longestWait): Promise<HeldLock> {
    let next = shortestPause
    for (let waited = 0; waited < patience; waited += next) {
      const lease = await this.tryAcquire(path)
      if (lease !== undefined) return lease
      next = Math.min(next * 2, longestPause)
      await pause(next)
    }
    throw new UnavailableError(`${path} has been locked for too long by ${await this.#holder(path)}`)
  }

  async #take(path: string, claim: LockClaim): Promise<boolean> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (await this.#make(claim, path)) return true
      const holder = await this.#holder(path)
      // A network file system may have made it and answered that it exists, because the request was sent twice.
      if (holder === claim.text) return true
      if (holder === undefined) continue
      if (!(await this.#isLeftBehind(path, holder))) return false
      if (await this.#takeOver(path, holder, claim)) return true
    }
    return false
  }

  async #make(claim: LockClaim, path: string): Promise<boolean> {
    try {
      await claim.make(path)
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
      return isLeaseOver(mtimeMs, this.#clock.now()) || (await this.#isOfEarlierBoot(path, owner, mtimeMs))
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  /** Whether it is of before a power cut. On a disk that machines share, another machine may hold it. */
  async #isOfEarlierBoot(path: string, owner: LockOwner | undefined, renewed: number): Promise<boolean> {
    if (!isOfEarlierBoot(owner, renewed)) return false
    return !isFarAway((await this.#files.statfs(dirname(path))).type)
  }

  /** Replaces the lock of a dead owner by ours, unless somebody else was first. */
  async #takeOver(path: string, holder: string, claim: LockClaim): Promise<boolean> {
    const guardPath = `${path}.${crc32(holder).toString(16)}`
    const guard = await this.tryAcquire(guardPath)
    if (guard === undefined) return false
    try {
      // Nobody but the guard's holder replaces this lock, so it stays what it is until the rename.
      if ((await this.#holder(path)) !== holder) return false
      const fresh = `${guardPath}.new`
      if (!(await this.#make(claim, fresh))) {
        // Left by somebody who held the guard and died.
        await this.#files.unlink(fresh)
        await claim.make(fresh)
      }
      await this.#files.rename(fresh, path)
      return true
    } finally {
      await guard.release()
    }
  }

  #lease(taken: string, text: string, ended: () => void): HeldLock {
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
        ended()
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
