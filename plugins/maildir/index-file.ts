import { constants } from 'node:fs'
import { join } from 'node:path'
import { UnavailableError } from 'mailwright'
import type { MaildirContext } from './context.ts'
import { isMissing } from './disk-errors.ts'
import { openToRead, readFully, replaceFile, writeFully } from './durable-file.ts'
import type { FileStatus, OpenFile } from './file-system.ts'
import { decodeChange, encodeChange, type IndexChange } from './index-change.ts'
import { encodeFrame, type FrameRow, frameOverhead, readFrames } from './index-frame.ts'
import { decodeSnapshot, encodeSnapshot, indexVersion, snapshotVersion } from './index-snapshot.ts'
import type { IndexTable } from './index-table.ts'

export const indexFileName = 'mailwright-index'

// Changes behind the snapshot are folded into a new one when they take more than this and half of the snapshot.
const leastToFold = 256 * 1024

/** What the file was when it was last read or written. */
interface Known {
  readonly table: IndexTable
  readonly inode: string
  /** Behind the last frame that is in the table. */
  end: number
  /** Octets behind `end` that are no frame. */
  rest: number
  /** Octets of the snapshot's frame. */
  readonly snapshot: number
  /** Whether all up to `end` is on the disk for sure. */
  durable: boolean
}

/**
 * The file `mailwright-index` of one mailbox: a snapshot, then the changes since, each a frame of its own. A change is
 * appended by one write under the mailbox's lock; a snapshot replaces the whole file. What others append is read from
 * where it was last read.
 */
export class IndexFile {
  readonly #context: MaildirContext
  readonly #path: string
  readonly #directory: string
  #known: Known | undefined
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

  /** Notices what others wrote. Undefined where there is no index that can be trusted. */
  async refresh(): Promise<IndexTable | undefined> {
    try {
      const status = await this.#context.files.lstat(this.#path)
      const known = this.#known
      if (known?.inode === inodeOf(status) && status.size === known.end + known.rest) return known.table
      await this.#read(known?.inode === inodeOf(status) && status.size > known.end ? known : undefined)
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
      await file.datasync()
    } finally {
      await file.close()
    }
    known.durable = true
  }

  /**
   * Cuts off a write that somebody did not finish, and passes over what it may have given: a frame of so many octets
   * gives fewer UIDs than that, and one mod-sequence. Only under the mailbox's lock and after `refresh`: without the lock
   * it may be a write that goes on.
   */
  async mend(): Promise<void> {
    const known = this.#known
    if (known === undefined || known.rest === 0) return
    const { table, rest } = known
    const file = await this.#openToWrite()
    try {
      await file.truncate(known.end)
    } finally {
      await file.close()
    }
    known.rest = 0
    const modSequence = table.modSequence + rest
    await this.append({ uidNext: table.uidNext + rest, modSequence, vanishedFloor: modSequence })
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
      try {
        await writeFully(file, frame, known.end)
        if (!later) await file.datasync()
      } catch (error) {
        await this.#withdraw(known, file, change)
        throw error
      }
    } finally {
      // What counts is done: an error of the closing changes nothing.
      await file.close().catch(() => undefined)
    }
    known.end += frame.length
    known.durable = !later
    known.table.apply(change)
    if (known.end - known.snapshot > Math.max(leastToFold, known.snapshot / 2)) await this.#fold(known.table)
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
    this.#remember(table, { inode: inodeOf(status), end: frame.length, snapshot: frame.length })
  }

  #openToWrite(): Promise<OpenFile> {
    return this.#context.files.open(this.#path, constants.O_RDWR | constants.O_NOFOLLOW)
  }

  /** A fold that fails costs nothing but room. */
  async #fold(table: IndexTable): Promise<void> {
    try {
      await this.replace(table)
    } catch (error) {
      this.#context.log.warn('unavailable', { file: this.#path, problem: 'the index stays large', error })
    }
  }

  /** After a write that failed: others may have read it, so what it gave is not given again. */
  async #withdraw(known: Known, file: OpenFile, { uidNext, modSequence }: IndexChange): Promise<void> {
    const skip: IndexChange = {
      ...(uidNext === undefined ? {} : { uidNext }),
      ...(modSequence === undefined ? {} : { modSequence }),
    }
    known.table.apply(skip)
    try {
      await file.truncate(known.end)
    } catch {
      // Read again before anything else is done.
      this.#known = undefined
      return
    }
    const frame = encodeFrame('C', encodeChange(skip))
    try {
      await writeFully(file, frame, known.end)
      known.end += frame.length
      known.durable = false
    } catch {
      // On a full disk the frame was never whole, so that nobody can have read it.
      await file.truncate(known.end).catch(() => this.forget())
    }
  }

  async #read(known: Known | undefined): Promise<void> {
    const file = await openToRead(this.#context.files, this.#path)
    try {
      const status = await file.stat()
      const same = known !== undefined && inodeOf(status) === known.inode && status.size >= known.end
      const from = same ? known.end : 0
      const row = readFrames(await readFully(file, status.size - from, from), from)
      // Whoever wrote it may have died before it was on the disk.
      await file.datasync()
      if (same) this.#extend(known, row)
      else this.#start(row, status)
    } finally {
      await file.close()
    }
  }

  #extend(known: Known, { frames, end, rest, damaged }: FrameRow): void {
    const changes = frames.map(({ content }) => decodeChange(content))
    if (damaged || changes.includes(undefined)) {
      this.#distrust(known.table.uidValidity)
      return
    }
    for (const change of changes) if (change !== undefined) known.table.apply(change)
    known.end = end
    known.rest = rest
    known.durable = true
  }

  #start({ frames, end, rest, damaged }: FrameRow, status: FileStatus): void {
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
    const snapshot = first.content.length + frameOverhead
    this.#remember(table, { inode: inodeOf(status), end, snapshot, rest })
  }

  #distrust(uidValidity: number): void {
    this.fault = 'damaged'
    this.lastUidValidity = Math.max(this.lastUidValidity, uidValidity)
    this.#known = undefined
  }

  #remember(
    table: IndexTable,
    facts: Pick<Known, 'inode' | 'end' | 'snapshot'> & { readonly rest?: number },
  ): void {
    this.#known = { table, durable: true, rest: 0, ...facts }
    this.lastUidValidity = Math.max(this.lastUidValidity, table.uidValidity)
  }
}

function inodeOf({ dev, ino }: FileStatus): string {
  return `${dev}:${ino}`
}
