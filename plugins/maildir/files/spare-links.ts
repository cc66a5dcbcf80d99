import { join } from 'node:path'
import type { Clock } from 'mailwright'
import { formatProcess, isMissing, ownProcess, systemCode } from 'mailwright/disk'
import { directoryMode } from './durable-file.ts'
import type { FileSystem } from './file-system.ts'
import { formatOwner, newOwner, ownerState, parseOwner } from './lock-owner.ts'

/** What one lock is made with. */
export interface LockClaim {
  /** Names the owner. */
  readonly text: string
  /** Makes the symbolic link with that text. Rejects as the file system does. */
  make(path: string): Promise<void>
}

/** Below the store's root. No account's directory begins with a dot. */
export const spareDirectory = '.locks'

// For two changes at the same time that take over what a dead process has left: three locks each.
const spareCount = 6

/**
 * Symbolic links that are kept ready: where a disk has used up its inodes, a lock is made as a further name of one of them (link(2)),
 * which needs none. So what is there can still be changed, and deleted to end that state.
 */
export class SpareLinks {
  readonly #files: FileSystem
  readonly #clock: Clock
  readonly #directory: string
  readonly #free: LockClaim[] = []
  #texts: readonly string[] = []
  #preparing: Promise<void> | undefined

  /** `root` is the store's. */
  constructor(files: FileSystem, clock: Clock, root: string) {
    this.#files = files
    this.#clock = clock
    this.#directory = join(root, spareDirectory)
  }

  /** Makes them where there is a root, once, and removes those of processes that are gone. Never fails: without them locks do without. */
  prepare(): Promise<void> {
    this.#preparing ??= this.#prepare()
    return this.#preparing
  }

  /** One that nobody uses, which is theirs until they give it back. */
  take(): LockClaim | undefined {
    return this.#free.pop()
  }

  giveBack(claim: LockClaim): void {
    this.#free.push(claim)
  }

  /** Removes them for good. Never fails. */
  async close(): Promise<void> {
    await this.#preparing
    this.#free.length = 0
    for (const text of this.#texts)
      await this.#files.unlink(join(this.#directory, text)).catch(() => undefined)
    this.#texts = []
  }

  async #prepare(): Promise<void> {
    try {
      await this.#makeDirectory()
      await this.#removeOthers()
      for (let made = 0; made < spareCount; made++) await this.#add(formatOwner(newOwner()))
    } catch (error) {
      // Else the first lock that cannot be made says why.
      if (isMissing(error)) this.#preparing = undefined
    }
  }

  async #makeDirectory(): Promise<void> {
    try {
      await this.#files.mkdir(this.#directory, { mode: directoryMode })
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
  }

  async #add(text: string): Promise<void> {
    const spare = join(this.#directory, text)
    await this.#files.symlink(text, spare)
    this.#texts = [...this.#texts, text]
    const make = async (path: string): Promise<void> => {
      // Its time is the lock's: of an old one, who cannot see this process would think that it was left behind.
      const now = new Date(this.#clock.now())
      await this.#files.lutimes(spare, now, now)
      await this.#files.link(spare, path)
    }
    this.#free.push({ text, make })
  }

  /** Those of processes that do not run, as far as can be seen; this one may have a second store. What is a lock besides stays one. */
  async #removeOthers(): Promise<void> {
    for (const name of await this.#files.readdir(this.#directory)) {
      const owner = parseOwner(name)
      if (owner === undefined || formatProcess(owner) === formatProcess(ownProcess)) continue
      if (ownerState(owner) === 'alive') continue
      await this.#files.unlink(join(this.#directory, name)).catch(() => undefined)
    }
  }
}
