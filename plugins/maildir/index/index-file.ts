import { randomInt } from 'node:crypto'
import { constants } from 'node:fs'
import { join } from 'node:path'
import { highestUid, UnavailableError } from 'mailwright'
import { isMissing, readFully, writeFully } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { openToRead, replaceFile, timeOf } from '../files/durable-file.ts'
import type { FileStatus, OpenFile } from '../files/file-system.ts'
import { decodeChange, doubted, encodeChange, type IndexChange, passedOver } from './index-change.ts'
import { encodeFrame, type FrameRow, frameLabel, frameOverhead, readFrames } from './index-frame.ts'
import { decodeSnapshot, encodeSnapshot, indexVersion, snapshotVersion } from './index-snapshot.ts'
import type { IndexTable } from './index-table.ts'
import { inodeOf, isGrown, type KnownIndex } from './known-index.ts'

export const indexFileName = 'mailwright-index'

// Changes behind the snapshot should be folded into a new one when they take more than this and half of the snapshot; who
// makes a change only does it when they take this many times as much.
const leastToFold = 256 * 1024
const patience = 16
// More than one call can read; an index of 14,000,000 messages.
const largest = 2 ** 31 - 1

// Of UIDs: so many are passed over at most where changes were lost. There are 4,000 times as many.
const farEnough = 2 ** 20

/**
 * The file `mailwright-index` of one mailbox: a snapshot, then the changes since, each a frame of its own. A change is
 * appended by one write under the mailbox's lock; a snapshot replaces the whole file. What others append is read from
 * where it was last read.
 */
export class IndexFile {
  readonly #context: MaildirContext
  readonly #path: string
  readonly #directory: string
  #known: KnownIndex | undefined
  /** Why there is no index, and what the last one that was known had. */
  fault: 'missing' | 'damaged' = 'missing'
  lastUidValidity = 0

  /** `directory` is the mailbox's. */
  constructor(context: MaildirContext, directory: string) {
    this.#context = context
    this.#directory = directory
    this.#path = join(directory, indexFileName)
  }

  get table(): IndexTable | undefined {
    return this.#known?.table
  }

  /** Whether the file ends with a change: what else is there somebody writes at this moment, or could not finish. */
  get isWhole(): boolean {
    return this.#known?.rest === 0
  }

  /** Notices what others wrote. Undefined where there is no index that can be trusted. */
  async refresh(): Promise<IndexTable | undefined> {
    try {
      const status = await this.#context.looks.ask(this.#path)
      const known = this.#known?.inode === inodeOf(status) ? this.#known : undefined
      if (known?.changed === status.mtimeMs && known.end + known.rest === status.size) return known.table
      await this.#read(known !== undefined && status.size > known.end ? known : undefined)
    } catch (error) {
      if (!isMissing(error)) throw error
      this.fault = 'missing'
      this.#known = undefined
    }
    return this.#known?.table
  }

  /** The next `refresh` reads the whole file. */
  forget(): void {
    this.#known = undefined
  }

  /** Resolves when all that the table says is on the disk: nobody may be shown a UID before. */
  async makeDurable(): Promise<void> {
    const known = this.#known
    if (known === undefined || known.durable) return
    const file = await openToRead(this.#context.files, this.#path)
    try {
      await this.#context.syncs.timed('index', () => file.datasync())
    } finally {
      await file.close()
    }
    known.durable = true
  }

  /**
   * Cuts off a write that somebody did not finish, or that was damaged since, and passes over what it may have given and
   * told: a frame of so many octets gives fewer UIDs than that, and one mod-sequence. Whole frames may have been lost before
   * it, and UIDs that were given after such a loss may be lost as well, so that the next ones are somewhere else. Only under
   * the mailbox's lock and after `refresh`: without the lock it may be a write that goes on.
   */
  async mend(): Promise<void> {
    const known = this.#known
    if (known === undefined || known.rest === 0) return
    const { table, rest } = known
    const uidNext = Math.min(table.uidNext + rest + randomInt(farEnough), Math.max(table.uidNext, highestUid))
    const change = doubted({ uidNext, modSequence: table.modSequence + rest })
    const file = await this.#openToWrite()
    try {
      await this.#writeOver(known, file, change)
      await file.datasync()
    } finally {
      await file.close().catch(() => undefined)
    }
    table.apply(change)
  }

  /**
   * Makes a change: in the file, then in the table. Only under the mailbox's lock and after `mend`. Where it fails
   * nothing has changed. `later` leaves the fdatasync to `makeDurable`.
   */
  async append(change: IndexChange, later = false): Promise<void> {
    const known = this.#known
    if (known === undefined) throw new UnavailableError(`${this.#path} was not read`)
    const frame = encodeFrame('C', encodeChange(change))
    const file = await this.#openToWrite()
    try {
      let changed: Promise<number> | undefined
      try {
        await writeFully(file, frame, known.end)
        changed = timeOf(file)
        if (!later) await this.#context.syncs.timed('index', () => file.datasync())
      } catch (error) {
        const skip = passedOver(change)
        await this.#withdraw(known, file, changed === undefined ? skip : doubted(skip), changed !== undefined)
        throw error
      }
      this.#wrote(known, frame, await changed)
    } finally {
      // What counts is done: an error of the closing changes nothing, and nobody waits for it.
      file.close().catch(() => undefined)
    }
    known.durable = !later
    known.table.apply(change)
    if (this.#isLong(patience)) await this.fold()
  }

  /** Whether it should be folded. */
  get isLong(): boolean {
    return this.#isLong(1)
  }

  #isLong(times: number): boolean {
    const known = this.#known
    if (known === undefined) return false
    return known.end - known.snapshot > times * Math.max(leastToFold, known.snapshot / 2)
  }

  /** Writes the whole table anew. Only under the mailbox's lock. */
  async replace(table: IndexTable): Promise<void> {
    const { files, directories, names } = this.#context
    const frame = encodeFrame('S', encodeSnapshot(table))
    const status = await replaceFile(files, directories, {
      directory: this.#directory,
      name: indexFileName,
      temporary: join(this.#directory, 'tmp', names()),
      octets: frame,
    })
    this.#remember(table, {
      inode: inodeOf(status),
      changed: status.mtimeMs,
      end: frame.length,
      last: { offset: 0, label: frameLabel(frame) },
      snapshot: frame.length,
    })
  }

  #openToWrite(): Promise<OpenFile> {
    return this.#context.files.open(this.#path, constants.O_RDWR | constants.O_NOFOLLOW)
  }

  /**
   * Makes one snapshot of it all. Only under the mailbox's lock and after `mend`. A fold that fails costs nothing but room.
   */
  async fold(): Promise<void> {
    const known = this.#known
    if (known === undefined) return
    try {
      await this.replace(known.table)
    } catch (error) {
      this.#context.log.warn('unavailable', { file: this.#path, problem: 'the index stays large', error })
    }
  }

  /**
   * After a write that failed: others may have read it, so what it gave is not given again. Of what is nowhere on the disk nobody is
   * told either, unless the frame `wasWhole`.
   */
  async #withdraw(known: KnownIndex, file: OpenFile, skip: IndexChange, wasWhole: boolean): Promise<void> {
    if (wasWhole) known.table.apply(skip)
    try {
      await this.#writeOver(known, file, skip)
      known.table.apply(skip)
    } catch {
      // Where there was no room for this, the frame was never whole, so that nobody can have read it.
      await file.truncate(known.end).catch(() => this.forget())
      known.changed = Number.NaN
    }
  }

  /**
   * Puts a change in the place of whatever lies behind the last frame. It is there before the rest is cut off: whoever
   * comes after a crash in between finds the change, and once more octets that are no frame.
   */
  async #writeOver(known: KnownIndex, file: OpenFile, change: IndexChange): Promise<void> {
    const frame = encodeFrame('C', encodeChange(change))
    await writeFully(file, frame, known.end)
    await file.truncate(known.end + frame.length)
    this.#wrote(known, frame, await timeOf(file))
    known.rest = 0
    known.durable = false
  }

  #wrote(known: KnownIndex, frame: Buffer, changed: number): void {
    known.last = { offset: known.end, label: frameLabel(frame) }
    known.end += frame.length
    known.changed = changed
  }

  async #read(known: KnownIndex | undefined): Promise<void> {
    const file = await openToRead(this.#context.files, this.#path)
    try {
      const status = await file.stat()
      const grown = known !== undefined && (await isGrown(known, file, status)) ? known : undefined
      if (status.size > largest) return this.#distrust(known?.table.uidValidity ?? 0)
      const from = grown?.end ?? 0
      const octets = await readFully(file, status.size - from, from)
      // Whoever wrote it may have died before it was on the disk.
      await file.datasync()
      const row = readFrames(octets, from)
      if (grown === undefined) this.#start(row, octets, status)
      else this.#extend(grown, row, octets, status)
    } finally {
      await file.close()
    }
  }

  #extend(
    known: KnownIndex,
    { frames, end, rest, damaged }: FrameRow,
    octets: Buffer,
    status: FileStatus,
  ): void {
    const changes = frames.map(({ content }) => decodeChange(content))
    if (damaged || changes.includes(undefined)) {
      this.#distrust(known.table.uidValidity)
      return
    }
    for (const change of changes) if (change !== undefined) known.table.apply(change)
    const last = frames.at(-1)
    if (last !== undefined)
      known.last = { offset: last.offset, label: frameLabel(octets, last.offset - known.end) }
    known.end = end
    known.rest = rest
    known.changed = status.mtimeMs
    known.durable = true
  }

  #start({ frames, end, rest, damaged }: FrameRow, octets: Buffer, status: FileStatus): void {
    const [first, ...others] = frames
    if (first?.kind === 'S' && snapshotVersion(first.content) > indexVersion)
      throw new UnavailableError(`${this.#path} was written by a later version of Mailwright`)
    const table = first?.kind === 'S' ? decodeSnapshot(first.content) : undefined
    const changes = others.map(({ content }) => decodeChange(content))
    if (first === undefined || table === undefined || damaged || changes.includes(undefined)) {
      this.#distrust(table?.uidValidity ?? 0)
      return
    }
    for (const change of changes) if (change !== undefined) table.apply(change)
    const { offset } = others.at(-1) ?? first
    this.#remember(table, {
      inode: inodeOf(status),
      changed: status.mtimeMs,
      end,
      last: { offset, label: frameLabel(octets, offset) },
      snapshot: first.content.length + frameOverhead,
      rest,
    })
  }

  #distrust(uidValidity: number): void {
    this.fault = 'damaged'
    this.lastUidValidity = Math.max(this.lastUidValidity, uidValidity)
    this.#known = undefined
  }

  #remember(
    table: IndexTable,
    facts: Omit<KnownIndex, 'table' | 'rest' | 'durable'> & { readonly rest?: number },
  ): void {
    this.#known = { table, durable: true, rest: 0, ...facts }
    this.lastUidValidity = Math.max(this.lastUidValidity, table.uidValidity)
  }
}
