import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { type Clock, type Lease, type Timer, UnavailableError } from 'mailwright'
import { isDiskFull, isFarAway, isMissing, isOfEarlierBoot, systemCode } from 'mailwright/disk'
import type { FileSystem } from './file-system.ts'
import { LeftLocks } from './left-locks.ts'
import {
  claimedLocks,
  formatOwner,
  heldLocks,
  type LockOwner,
  newOwner,
  ownerState,
  parseOwner,
} from './lock-owner.ts'
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

/** Milliseconds that whoever wants a lock waits for others. */
export const longestWait = 30_000

const attempts = 5
// Milliseconds that all together may still wait once the store is being closed.
const closingWait = 3000
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
  readonly #left: LeftLocks
  /** Milliseconds that all together may wait. */
  #wait = Number.POSITIVE_INFINITY

  /** With `spares` also where the disk has no more inodes. */
  constructor(files: FileSystem, clock: Clock, spares?: SpareLinks) {
    this.#files = files
    this.#clock = clock
    this.#spares = spares
    this.#left = new LeftLocks(files, clock)
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
    const { text } = claim
    heldLocks.add(text)
    try {
      if (await this.#take(path, claim)) return this.#lease(path, text, ended)
    } catch (error) {
      heldLocks.delete(text)
      // The disk may have made it all the same.
      await this.#left.remove({ path, text, ended })
      throw error
    }
    heldLocks.delete(text)
    ended()
    return undefined
  }

  /** Takes the lock, waiting for others; MAIL_E_UNAVAILABLE where that takes too long. Tries it once in any case. */
  async acquire(path: string, patience: number = longestWait): Promise<HeldLock> {
    const deadline = this.#clock.monotonic() + patience
    for (let next = shortestPause; ; ) {
      const lease = await this.tryAcquire(path)
      if (lease !== undefined) return lease
      // By the clock: under load pauses and tries take longer than they should.
      if (this.#clock.monotonic() >= deadline || this.#wait <= 0) break
      next = Math.min(next * 2, longestPause)
      this.#wait -= next
      await pause(next)
    }
    throw new UnavailableError(`${path} has been locked for too long by ${await this.#holder(path)}`)
  }

  /** From now on nobody waits long. */
  hurry(): void {
    this.#wait = Math.min(this.#wait, closingWait)
  }

  /** Tries once more to remove what could not be removed. Never fails. */
  async close(): Promise<void> {
    await this.#left.removeAll()
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
    // One of ours that is being removed must not be replaced meanwhile.
    if (claimedLocks.has(holder)) return false
    claimedLocks.add(holder)
    try {
      return await this.#replace(path, holder, claim)
    } finally {
      claimedLocks.delete(holder)
    }
  }

  async #replace(path: string, holder: string, claim: LockClaim): Promise<boolean> {
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
      let stays = false
      try {
        if (age() < surelyOurs || (await this.#holder(path)) === text) await this.#files.unlink(path)
      } catch (error) {
        stays = !isMissing(error)
      }
      heldLocks.delete(text)
      // The next of this thread who wants it takes it over; others see an owner who is alive.
      if (stays) this.#left.add({ path, text, ended })
      else ended()
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
