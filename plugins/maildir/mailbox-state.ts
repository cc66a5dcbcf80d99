import { join } from 'node:path'
import { type Account, type MailboxChange, MailwrightError, type MessageEntry } from 'mailwright'
import type { MaildirContext } from './context.ts'
import { DirectoryStamps, type MailboxStamp } from './directory-stamps.ts'
import { compareNew, compareWithDisk, type DiskDifference, matters } from './disk-difference.ts'
import { isFull, isMissing } from './disk-errors.ts'
import { scanApart } from './doubles.ts'
import type { IndexChange } from './index-change.ts'
import { IndexFile, indexFileName } from './index-file.ts'
import { type IndexRecord, locatedAt } from './index-record.ts'
import type { IndexTable } from './index-table.ts'
import { foundIndex, markAsOurs } from './new-index.ts'
import { moveOutOfNew } from './new-messages.ts'
import { additionsOf, examineNewcomers } from './newcomers.ts'
import { finishPending } from './pending.ts'
import { type Located, type Scan, scanDirectory, scanFor, scanMailbox } from './scan.ts'
import { Serial } from './serial.ts'
import { SideValues } from './side-values.ts'
import { signatureKind, summaryKind } from './summaries.ts'
import { isOwnName } from './unique-name.ts'

export interface MailboxPlace {
  readonly account: Account
  /** With `/` between levels. */
  readonly name: string
  /** The mailbox's directory. */
  readonly path: string
  /** The account's Maildir. */
  readonly root: string
}

interface Comparison {
  readonly difference: DiskDifference
  /** Files with a name that another one has too. */
  readonly doubles: number
}

/** What is known of a mailbox at one moment. */
export interface MailboxSnapshot {
  readonly id: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly modSequence: number
  /** Ascending by UID. */
  readonly entries: readonly MessageEntry[]
}

/**
 * What this process knows of one mailbox, shared by all who have it open here. The index says which message has which
 * UID; whether it is there and which system flags it has is said by the file's name. Nothing is believed longer than
 * until the disk says otherwise.
 *
 * Every change of the index happens under a lock between processes, and is on the disk before anybody is told. Reading
 * and delivering need no lock.
 */
export class MailboxState {
  readonly context: MaildirContext
  readonly place: MailboxPlace
  readonly summaries: SideValues
  /** Only where bodies are to be searched by them. */
  readonly signatures: SideValues | undefined
  readonly #index: IndexFile
  readonly #stamps: DirectoryStamps
  readonly #serial = new Serial()
  /** Where files were seen since the index was last compared with the disk. */
  #seenAt = new Map<string, Located>()
  #table: IndexTable | undefined
  /** Whether the table holds what could not be written. */
  #ahead = false
  #isMarked = false
  #doubles = 0
  #lastStamp: MailboxStamp | undefined

  constructor(context: MaildirContext, place: MailboxPlace) {
    this.context = context
    this.place = place
    this.#index = new IndexFile(context, place.path)
    this.#stamps = new DirectoryStamps(context, place.path)
    this.summaries = new SideValues(this, summaryKind)
    this.signatures = context.fullText ? new SideValues(this, signatureKind) : undefined
  }

  /** As last read or written; only after a `sync`. */
  get table(): IndexTable {
    if (this.#table === undefined) throw new TypeError('the mailbox was not read')
    return this.#table
  }

  get uidValidity(): number {
    return this.#table?.uidValidity ?? 0
  }

  /** How many there are in memory. */
  get messages(): number {
    return this.#table?.records.length ?? 0
  }

  snapshot(): MailboxSnapshot {
    const { id, uidValidity, uidNext, modSequence, entries } = this.table
    return { id, uidValidity, uidNext, modSequence, entries }
  }

  record(uid: number): IndexRecord | undefined {
    return this.#table?.byUid(uid)
  }

  /** Whether messages were seen under two names. */
  get hasDoubles(): boolean {
    return this.#doubles > 0
  }

  /** Where the message was last seen. */
  located({ base, location }: IndexRecord): Located {
    return this.#seenAt.get(base) ?? locatedAt(base, location)
  }

  /** Runs after everything else that this process does to the mailbox, and before what comes later. */
  inTurn<T>(task: () => Promise<T>): Promise<T> {
    return this.#serial.run(task)
  }

  /**
   * Notices what others did, gives UIDs to new messages, tells the hooks of what nobody has told them. When it resolves
   * everything that it shows is on the disk.
   */
  sync(): Promise<void> {
    return this.inTurn(async () => {
      if (!(await this.#isCurrent())) await this.#underLock(() => this.#settle())
      await this.#index.makeDurable()
    })
  }

  /** The same without waiting for the disk: nobody is shown anything by it. */
  prepare(): Promise<void> {
    return this.inTurn(() => this.#underLock(() => this.#settle(true)))
  }

  /**
   * Runs a task that changes the index, under the mailbox's lock and with everything noticed that others did. It may
   * call `write`.
   */
  exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.inTurn(() =>
      this.#underLock(async () => {
        if (!(await this.#isCurrent())) await this.#settle()
        else await this.#index.mend()
        return this.#changing(task)
      }),
    )
  }

  /** Changes the index durably. Only within `exclusively`. */
  async write(change: IndexChange): Promise<void> {
    await this.#index.append(change)
  }

  /** The same where it may get lost in a crash: then it is done again. A failure is logged. */
  async writeLater(change: IndexChange): Promise<void> {
    try {
      await this.#index.append(change, true)
    } catch (error) {
      this.context.log.warn('unavailable', {
        mailbox: this.place.path,
        problem: 'the index is behind',
        error,
      })
      this.#leaveBehind()
    }
  }

  /** What was done is not in the index: the next sync reads everything again. */
  goAhead(change: IndexChange): void {
    this.table.apply(change)
    this.#leaveBehind()
  }

  /** Keeps what was made of messages when they were written. Only within `exclusively`. */
  async keepFresh(uids: readonly number[]): Promise<void> {
    const records = uids.map((uid) => this.record(uid)).filter((record) => record !== undefined)
    await this.summaries.keepFresh(records)
    await this.signatures?.keepFresh(records)
  }

  /** Reads the directories again to find where messages are; `undefined` for those that cannot be seen. */
  async look(bases: readonly string[]): Promise<ReadonlyMap<string, Located>> {
    const { messages } = await this.#scan(bases)
    for (const base of bases) {
      const located = messages.get(base)
      if (located !== undefined) this.#seenAt.set(base, located)
    }
    this.#stamps.forget()
    return messages
  }

  /** What all announcements of this mailbox have in common. */
  change(facts: Omit<MailboxChange, 'account' | 'mailbox' | 'uidValidity'>): MailboxChange {
    const { account, name } = this.place
    return { account, mailbox: name, uidValidity: this.uidValidity, ...facts }
  }

  /** Whether the index, as far as it is known now, agrees with the disk. Takes over what others have written. */
  async #isCurrent(): Promise<boolean> {
    const table = this.#ahead ? undefined : await this.#index.refresh()
    if (table === undefined) return false
    this.#table = table
    if (!table.isSettled) return false
    const stamp = await this.#stamp()
    if (this.#stamps.isCurrent('cur', stamp) && this.#stamps.isCurrent('new', stamp)) return true
    const { difference, doubles } = await this.#compare(table, stamp, [])
    if (doubles > 0 || matters(difference)) return false
    this.#wasRead(difference, stamp)
    return true
  }

  /** Compares the index with the disk, reading no more of it than may have changed. */
  async #compare(table: IndexTable, stamp: MailboxStamp, expected: readonly string[]): Promise<Comparison> {
    const { files } = this.context
    if (this.#stamps.isCurrent('cur', stamp)) {
      const fresh = await this.#reading(() => scanDirectory(files, this.place.path, 'new'))
      const difference = compareNew(table, fresh)
      if (difference !== undefined) return { difference, doubles: 0 }
    }
    const scan =
      expected.length === 0
        ? await this.#scan()
        : await scanApart(this.context, this.place.path, (bases) => this.#scan(bases), expected)
    this.#doubles = scan.doubles.length
    return { difference: compareWithDisk(table, scan), doubles: scan.doubles.length }
  }

  async #stamp(): Promise<MailboxStamp> {
    this.#lastStamp = await this.#reading(() => this.#stamps.look())
    return this.#lastStamp
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      throw this.#asGone(error)
    }
  }

  async #scan(expected: readonly string[] = []): Promise<Scan> {
    const { files } = this.context
    const { path } = this.place
    try {
      return expected.length === 0 ? await scanMailbox(files, path) : await scanFor(files, path, expected)
    } catch (error) {
      throw this.#asGone(error)
    }
  }

  #asGone(error: unknown): unknown {
    if (!isMissing(error)) return error
    return new MailwrightError('MAIL_E_NOT_FOUND', `there is no mailbox ${this.place.name} any more`, {
      cause: error,
    })
  }

  async #underLock<T>(task: () => Promise<T>): Promise<T> {
    const path = join(this.place.path, `${indexFileName}.lock`)
    const lease = await this.#reading(() => this.context.locks.acquire(path))
    try {
      return await task()
    } finally {
      await lease.release()
    }
  }

  /** Brings the index in line with the disk. */
  async #settle(later = false): Promise<void> {
    const { context, place } = this
    if (this.#ahead) this.#index.forget()
    this.#ahead = false
    const stored = await this.#index.refresh()
    await this.#index.mend()
    if (stored?.isSettled === false)
      await this.#write(await finishPending(context, place.path, stored), later)
    if (stored === undefined) this.#stamps.forget()
    else this.#table = stored
    const { table, foreign } =
      stored === undefined
        ? await foundIndex(context, place, this.#index)
        : { table: stored, foreign: undefined }
    const stamp = await this.#stamp()
    const bases = table.records.map(({ base }) => base)
    const { difference } = await this.#compare(table, stamp, bases)
    const newcomers = await examineNewcomers(context, place.path, difference.newcomers)
    const change = settlingChange(table, difference, additionsOf(table, newcomers, foreign))
    const isNew = stored === undefined
    const written = isNew ? await this.#begin(table, change) : change && (await this.#write(change, later))
    this.#table = table
    await this.#mark()
    this.#wasRead(difference, stamp)
    if (change === undefined || written !== true) return
    await this.keepFresh((change.added ?? []).map(([uid]) => uid))
    await this.#changing(() => moveOutOfNew(this, difference.newcomers))
    if (!isNew) this.#announce(change)
  }

  /** A new index is written with all messages at once: there is never one without them. */
  async #begin(table: IndexTable, change: IndexChange | undefined): Promise<boolean> {
    if (change !== undefined) table.apply(change)
    await this.#index.replace(table)
    return true
  }

  async #mark(): Promise<void> {
    if (this.#isMarked) return
    await markAsOurs(this.context, this.place)
    this.#isMarked = true
  }

  /** Where the disk is full, what was recorded before can still be shown, read and expunged. */
  async #write(change: IndexChange, later: boolean): Promise<boolean> {
    try {
      await this.#index.append(change, later)
      return true
    } catch (error) {
      if (!isFull(error)) throw error
      this.context.log.warn('unavailable', {
        mailbox: this.place.path,
        problem: 'new messages are not shown',
        error,
      })
      const { altered, removed } = change
      this.goAhead({ ...(altered && { altered }), ...(removed && { removed }) })
      return false
    }
  }

  #leaveBehind(): void {
    this.#ahead = true
    this.#stamps.forget()
  }

  #wasRead({ moved }: DiskDifference, stamp: MailboxStamp): void {
    this.#seenAt.clear()
    if (moved.length > 0) this.table.apply({ moved })
    this.#stamps.wasRead('new', stamp)
    if (!this.#stamps.isCurrent('cur', stamp)) this.#stamps.wasRead('cur', stamp)
  }

  /** Runs what renames files in `cur`, under the lock. */
  async #changing<T>(task: () => Promise<T>): Promise<T> {
    const before = this.#lastStamp
    try {
      return await task()
    } finally {
      this.#seenAt.clear()
      await this.#stamps.look().then(
        (after) => before && this.#stamps.weChangedCur(before, after),
        () => this.#stamps.forget(),
      )
    }
  }

  #announce({ added = [], altered = [], removed = [] }: IndexChange): void {
    const { announce } = this.context
    // What has one of our names was announced when it was put there.
    const foreign = added.filter(([, base]) => !isOwnName(base)).map(([uid]) => uid)
    if (foreign.length > 0) announce.stored(this.change({ cause: 'external', uids: foreign }))
    if (removed.length > 0) announce.expunged(this.change({ cause: 'external', uids: removed }))
    const flagged = altered.flatMap(([uid]) => this.record(uid)?.entry ?? [])
    if (flagged.length === 0) return
    const uids = flagged.map(({ uid }) => uid)
    announce.flagged(this.change({ cause: 'external', uids, flags: flagged.map(({ flags }) => flags) }))
  }
}

/** The change that brings the index in line; undefined where it is. */
function settlingChange(
  table: IndexTable,
  difference: DiskDifference,
  added: NonNullable<IndexChange['added']>,
): IndexChange | undefined {
  const { altered, missing: removed } = difference
  if (added.length + altered.length + removed.length === 0) return undefined
  return {
    modSequence: table.modSequence + 1,
    ...(added.length > 0 && { added }),
    ...(altered.length > 0 && { altered }),
    ...(removed.length > 0 && { removed }),
  }
}
