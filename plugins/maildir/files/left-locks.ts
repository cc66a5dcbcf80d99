import type { Clock, Timer } from 'mailwright'
import { isMissing, systemCode } from 'mailwright/disk'
import type { FileSystem } from './file-system.ts'
import { claimedLocks } from './lock-owner.ts'

/** A lock that nobody holds any more, and that may still be there. */
export interface LeftLock {
  readonly path: string
  /** Of its owner, who is still alive. */
  readonly text: string
  /** Called once it is gone. */
  ended(): void
}

// Milliseconds between attempts.
const shortestRest = 1000
const longestRest = 60_000

/**
 * Locks whose removal has failed. To other processes their owner is alive, and they would wait for it as long as it is: so
 * they are removed as soon as the disk allows it.
 */
export class LeftLocks {
  readonly #files: FileSystem
  readonly #clock: Clock
  readonly #left = new Set<LeftLock>()
  #rest = shortestRest
  #timer: Timer | undefined

  constructor(files: FileSystem, clock: Clock) {
    this.#files = files
    this.#clock = clock
  }

  /** It is removed a while later. */
  add(lock: LeftLock): void {
    this.#left.add(lock)
    this.#timer ??= this.#clock.after(this.#rest, () => void this.#again())
  }

  /** Removes it, or else leaves that for later. Never fails. */
  async remove(lock: LeftLock): Promise<void> {
    if (await this.#isGone(lock)) lock.ended()
    else this.add(lock)
  }

  /** Tries all at once; those that stay are tried again later. Never fails. */
  async removeAll(): Promise<void> {
    const locks = [...this.#left]
    this.#left.clear()
    for (const lock of locks) await this.remove(lock)
    if (this.#left.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#rest = shortestRest
  }

  async #again(): Promise<void> {
    this.#rest = Math.min(2 * this.#rest, longestRest)
    await this.removeAll()
    if (this.#left.size > 0) this.#timer = this.#clock.after(this.#rest, () => void this.#again())
  }

  /** Removes it unless it is somebody else's by now. */
  async #isGone({ path, text }: LeftLock): Promise<boolean> {
    // Somebody of this thread is taking it over.
    if (claimedLocks.has(text)) return false
    claimedLocks.add(text)
    try {
      if ((await this.#files.readlink(path)) === text) await this.#files.unlink(path)
      return true
    } catch (error) {
      // What is no symbolic link is no lock of ours.
      return isMissing(error) || systemCode(error) === 'EINVAL'
    } finally {
      claimedLocks.delete(text)
    }
  }
}
