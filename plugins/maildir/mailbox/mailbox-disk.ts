import { join } from 'node:path'
import { MailwrightError } from 'mailwright'
import { isMissing } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { DirectoryStamps, type MailboxStamp } from '../files/directory-stamps.ts'
import type { HeldLock } from '../files/lock-file.ts'
import {
  type Located,
  readNames,
  type Scan,
  scanDirectory,
  scanFor,
  scanMailbox,
  scanOf,
} from '../files/scan.ts'
import { indexFileName } from '../index/index-file.ts'
import { type IndexRecord, locatedAt } from '../index/index-record.ts'
import type { IndexTable } from '../index/index-table.ts'
import {
  compareNew,
  compareWithDisk,
  type DiskDifference,
  isAsKnown,
  noDifference,
} from './disk-difference.ts'
import { scanApart } from './doubles.ts'

/** How a mailbox's index and its directories differ, and as of when. */
export interface Comparison {
  readonly difference: DiskDifference
  /** Files with a name that another one has too. */
  readonly doubles: number
  readonly stamp: MailboxStamp
}

/** What this process knows of a mailbox's directories: when they were read, and where files were seen since. */
export class MailboxDisk {
  readonly #context: MaildirContext
  readonly #path: string
  /** For messages to people. */
  readonly #name: string
  readonly #stamps: DirectoryStamps
  /** Where files were seen since the index was last compared with the disk. */
  readonly #seenAt = new Map<string, Located>()
  #doubles = 0
  #lastStamp: MailboxStamp | undefined

  constructor(context: MaildirContext, { path, name }: { readonly path: string; readonly name: string }) {
    this.#context = context
    this.#path = path
    this.#name = name
    this.#stamps = new DirectoryStamps(context, path)
  }

  /** Whether messages were seen under two names. */
  get hasDoubles(): boolean {
    return this.#doubles > 0
  }

  /** Where the message was last seen. */
  located({ base, location }: IndexRecord): Located {
    return this.#seenAt.get(base) ?? locatedAt(base, location)
  }

  /** When the directories were changed; to be asked before what is done about it. */
  async look(): Promise<MailboxStamp> {
    this.#lastStamp = await this.reading(() => this.#stamps.look())
    return this.#lastStamp
  }

  /** Undefined where nothing can have changed since the directories were read. Reads no more than may have changed. */
  async changes(table: IndexTable, stamp: MailboxStamp): Promise<Comparison | undefined> {
    const isCurrent = this.#stamps.isCurrent('cur', stamp) && this.#stamps.isCurrent('new', stamp)
    return isCurrent ? undefined : this.#compare(table, stamp, () => this.#scanUnlessKnown(table))
  }

  /** The same for whoever holds the mailbox's lock: a message that cannot be seen is looked for again. */
  async compare(table: IndexTable): Promise<Comparison> {
    return this.#compare(table, await this.look(), () =>
      scanApart(this.#context, this.#path, (expected) => this.#scan(expected), table),
    )
  }

  /** The index agrees with what was read, or soon will. */
  wasRead(table: IndexTable, { difference: { moved }, stamp }: Comparison): void {
    this.#seenAt.clear()
    if (moved.length > 0) table.apply({ moved })
    this.#stamps.wasRead('new', stamp)
    if (!this.#stamps.isCurrent('cur', stamp)) this.#stamps.wasRead('cur', stamp)
  }

  /** The next look reads everything. */
  forget(): void {
    this.#stamps.forget()
  }

  /** Reads the directories again to find where messages are; those that are not in the answer cannot be seen. */
  async find(bases: readonly string[]): Promise<ReadonlyMap<string, Located>> {
    const { messages } = await this.#scan(bases)
    for (const base of bases) {
      const located = messages.get(base)
      if (located !== undefined) this.#seenAt.set(base, located)
    }
    this.#stamps.forget()
    return messages
  }

  /** Runs what renames files in `cur`, under the mailbox's lock, with nothing unnoticed before. */
  async changing<T>(task: () => Promise<T>): Promise<T> {
    const before = this.#lastStamp
    try {
      return await task()
    } finally {
      this.#seenAt.clear()
      await this.#stamps.lookAt('cur').then(
        (after) => before && this.#stamps.weChangedCur(before.cur, after),
        () => this.#stamps.forget(),
      )
    }
  }

  /** Does something with the mailbox's files; MAIL_E_NOT_FOUND where it is gone altogether. */
  async reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      if (!isMissing(error)) throw error
      const problem = `there is no mailbox ${this.#name} any more`
      throw new MailwrightError('MAIL_E_NOT_FOUND', problem, { cause: error })
    }
  }

  /** The lock of the mailbox's index; undefined where another process has it. */
  tryLock(): Promise<HeldLock | undefined> {
    return this.reading(() => this.#context.locks.tryAcquire(this.#lockPath))
  }

  /** The same, waiting for others; MAIL_E_UNAVAILABLE where that takes longer than so many milliseconds. */
  lock(patience: number): Promise<HeldLock> {
    return this.reading(() => this.#context.locks.acquire(this.#lockPath, patience))
  }

  /** What lies in `tmp`; nothing where there is no such directory. */
  async namesInTmp(): Promise<readonly string[]> {
    try {
      return await this.#context.files.readdir(join(this.#path, 'tmp'))
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  get #lockPath(): string {
    return join(this.#path, `${indexFileName}.lock`)
  }

  /** `readAll` answers undefined where it has found nothing but what the index knows. */
  async #compare(
    table: IndexTable,
    stamp: MailboxStamp,
    readAll: () => Promise<Scan | undefined>,
  ): Promise<Comparison> {
    if (this.#stamps.isCurrent('cur', stamp)) {
      const fresh = await this.reading(() => scanDirectory(this.#context.files, this.#path, 'new'))
      const difference = compareNew(table, fresh)
      if (difference !== undefined) return { difference, doubles: 0, stamp }
    }
    const scan = await readAll()
    this.#doubles = scan?.doubles.length ?? 0
    const difference = scan === undefined ? noDifference : compareWithDisk(table, scan)
    return { difference, doubles: this.#doubles, stamp }
  }

  async #scanUnlessKnown(table: IndexTable): Promise<Scan | undefined> {
    const names = await this.reading(() => readNames(this.#context.files, this.#path))
    return isAsKnown(table, names) ? undefined : scanOf(names)
  }

  #scan(expected: readonly string[] = []): Promise<Scan> {
    const { files } = this.#context
    return this.reading(() =>
      expected.length === 0 ? scanMailbox(files, this.#path) : scanFor(files, this.#path, expected),
    )
  }
}
