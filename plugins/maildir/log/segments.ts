import { join } from 'node:path'
import { isFarAway, systemCode } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { directoryMode } from '../files/durable-file.ts'
import { formatOwner, heldLocks, type LockOwner, newOwner } from '../files/lock-owner.ts'
import { LogSegment, segmentSize } from './segment.ts'
import { segmentFiles } from './segment-files.ts'
import { segmentName } from './segment-name.ts'

/** Below the store's root. No account's directory begins with a dot. */
export const logDirectory = '.deliveries'

// 64 MiB on the disk at the most.
const mostSegments = 8
// The disk must have room for so many more before one is made.
const leastFree = 16

/** The segments of one process: those in use, the oldest first, and those that wait. */
export class LogSegments {
  readonly #context: MaildirContext
  readonly #root: string
  readonly #boot: string
  readonly #owner: LockOwner = newOwner()
  readonly #used: LogSegment[] = []
  readonly #free: LogSegment[] = []
  #number = 0
  #making: Promise<void> | undefined
  #isUsable = true

  /** `root` is the store's. */
  constructor(context: MaildirContext, root: string, boot: string) {
    this.#context = context
    this.#root = root
    this.#boot = boot
  }

  /** Whether there is one to be written to. */
  get isReady(): boolean {
    return this.#used.length + this.#free.length > 0
  }

  /** Whether it is time to settle what the oldest ones have. */
  get areScarce(): boolean {
    return this.#free.length === 0 && this.#used.length > mostSegments / 2
  }

  /** Whether nothing is written to it any more. */
  isSealed(segment: LogSegment): boolean {
    return segment.isSpoiled || this.#used.at(-1) !== segment
  }

  /** The newest one, where it has room for so many octets, or else the next. */
  withRoom(octets: number, use: 'messages' | 'all'): LogSegment | undefined {
    const newest = this.#used.at(-1)
    if (newest !== undefined && newest.room(use) >= octets) {
      // Before it is needed.
      if (newest.room(use) < segmentSize / 2 && this.#free.length === 0) void this.prepare()
      return newest
    }
    const next = this.#free.shift()
    if (next === undefined) {
      void this.prepare()
      return undefined
    }
    this.#used.push(next)
    return next.room(use) >= octets ? next : undefined
  }

  /** Whether there are any of other processes. */
  async hasOthers(): Promise<boolean> {
    const own = formatOwner(this.#owner)
    const all = await segmentFiles(this.#context.files, join(this.#root, logDirectory))
    return all.some(({ of }) => formatOwner(of.owner) !== own)
  }

  /** Makes one more, unless there are enough. Never fails: without one, deliveries do without. */
  prepare(): Promise<void> {
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined
    })
    return this.#making
  }

  /** The oldest ones that are sealed and of which that is true, up to the first of which it is not. */
  oldest(isFree: (segment: LogSegment) => boolean): ReadonlySet<LogSegment> {
    const sealed = this.#used.filter((segment) => this.isSealed(segment))
    const first = sealed.findIndex((segment) => !isFree(segment))
    return new Set(first === -1 ? sealed : sealed.slice(0, first))
  }

  /**
   * Takes back those that nothing depends on any more, the oldest first: a note of what is forgotten has to outlive the message
   * that it is about. Nothing may be written meanwhile.
   */
  async release(): Promise<void> {
    for (let oldest = this.#used[0]; oldest?.live === 0; oldest = this.#used[0]) {
      this.#used.shift()
      if (!oldest.isEmpty || oldest.isSpoiled) {
        try {
          await oldest.reset()
        } catch (error) {
          this.#warn(error)
          await this.#remove(oldest)
          continue
        }
      }
      this.#free.push(oldest)
    }
  }

  /** Removes those that nothing depends on. The others are for whoever comes next. */
  async remove(): Promise<void> {
    await this.#making
    for (const segment of this.#free.splice(0)) await this.#remove(segment)
  }

  /** The same for good. */
  async close(): Promise<void> {
    this.#isUsable = false
    await this.remove()
    for (const segment of this.#used.splice(0)) await segment.close().catch(() => undefined)
    heldLocks.delete(formatOwner(this.#owner))
  }

  async #make(): Promise<void> {
    if (!this.#isUsable || this.#used.length + this.#free.length >= mostSegments) return
    heldLocks.add(formatOwner(this.#owner))
    try {
      const directory = join(this.#root, logDirectory)
      await this.#makeDirectory(directory)
      if (!(await this.#isWelcome(directory))) return
      const name = segmentName({ boot: this.#boot, owner: this.#owner }, this.#number++)
      this.#free.push(await LogSegment.make(this.#context, join(directory, name)))
    } catch (error) {
      this.#warn(error)
    }
  }

  async #makeDirectory(directory: string): Promise<void> {
    try {
      await this.#context.files.mkdir(directory, { mode: directoryMode })
      await this.#context.directories.sync(this.#root)
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
  }

  async #isWelcome(directory: string): Promise<boolean> {
    const { type, bavail, bsize } = await this.#context.files.statfs(directory)
    // Who writes there shares with machines that know nothing of ours.
    if (isFarAway(type)) this.#isUsable = false
    return this.#isUsable && bavail * bsize > leastFree * segmentSize
  }

  async #remove(segment: LogSegment): Promise<void> {
    await segment.close().catch(() => undefined)
    await this.#context.files.unlink(segment.path).catch(() => undefined)
  }

  #warn(error: unknown): void {
    const problem = 'deliveries are made durable one by one'
    this.#context.log.warn('unavailable', { directory: join(this.#root, logDirectory), problem, error })
  }
}
