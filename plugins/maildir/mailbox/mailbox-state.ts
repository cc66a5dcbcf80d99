import { join } from 'node:path'
import { type MailboxChange, type MessageSummary, UnavailableError } from 'mailwright'
import { isDiskFull } from 'mailwright/disk'
import { SideValues } from '../content/side-values.ts'
import { signatureKind, summaryKind } from '../content/summaries.ts'
import type { MaildirContext } from '../context.ts'
import type { MailboxPlace } from '../files/mailbox-place.ts'
import type { Located } from '../files/scan.ts'
import type { IndexChange } from '../index/index-change.ts'
import { IndexFile } from '../index/index-file.ts'
import type { IndexRecord } from '../index/index-record.ts'
import type { IndexTable } from '../index/index-table.ts'
import { matters } from './disk-difference.ts'
import { type Comparison, MailboxDisk } from './mailbox-disk.ts'
import type { MailboxSnapshot } from './mailbox-snapshot.ts'
import { MailboxTurns } from './mailbox-turns.ts'
import { markAsOurs, newIndex } from './new-index.ts'
import { moveOutOfNew } from './new-messages.ts'
import { additionsOf, examineNewcomers } from './newcomers.ts'
import { finishPending } from './pending.ts'
import { announceSettled, settlingChange } from './settling.ts'
import { StaleFiles } from './stale-files.ts'
import { UnsyncedArrivals } from './unsynced-arrivals.ts'

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
  readonly summaries: SideValues<MessageSummary>
  /** Only where bodies are to be searched by them. */
  readonly signatures: SideValues<Buffer> | undefined
  readonly staleFiles: StaleFiles
  readonly #index: IndexFile
  readonly #disk: MailboxDisk
  readonly #turns: MailboxTurns
  readonly #unsynced: UnsyncedArrivals
  readonly #later: (place: MailboxPlace) => void
  #table: IndexTable | undefined
  /** Whether the table holds what could not be written. */
  #ahead = false
  #isMarked = false

  /** `later` is called when `prepare` should be called soon. */
  constructor(context: MaildirContext, place: MailboxPlace, later: (place: MailboxPlace) => void) {
    this.context = context
    this.place = place
    this.#later = later
    this.#index = new IndexFile(context, place.path)
    this.#disk = new MailboxDisk(context, place)
    this.#turns = new MailboxTurns(this.#disk, context.clock)
    const namesInTmp = (): Promise<readonly string[]> => this.#disk.namesInTmp()
    this.#unsynced = new UnsyncedArrivals(namesInTmp, () => later(place))
    this.summaries = new SideValues(this, summaryKind)
    this.signatures = context.fullText ? new SideValues(this, signatureKind) : undefined
    this.staleFiles = new StaleFiles(context, place.path)
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

  /**
   * MAIL_E_UNAVAILABLE where the UIDs that a session knows are other messages' now: after a repair, or because another
   * mailbox has got the name. It must not go on with them.
   */
  requireValidity(uidValidity: number): void {
    if (this.uidValidity === uidValidity) return
    throw new UnavailableError(`the UIDs of ${this.place.name} were given anew; open the mailbox again`)
  }

  /** Whether messages were seen under two names. */
  get hasDoubles(): boolean {
    return this.#disk.hasDoubles
  }

  /** Where the message was last seen. */
  located(record: IndexRecord): Located {
    return this.#disk.located(record)
  }

  /**
   * Notices what others did, gives UIDs to new messages, tells the hooks of what nobody has told them. When it resolves
   * everything that it shows is on the disk. `isKnown` is what the question before has answered.
   */
  async sync(isKnown: boolean = false): Promise<void> {
    const isDone = async (): Promise<boolean> => isKnown || (await this.#isCurrent())
    await this.#turns.underLock(() => this.#settle(), { isDone })
    await this.#turns.run(() => this.#index.makeDurable())
  }

  /** Whether a `sync` right after that has nothing to notice. Changes nothing, whatever is where the mailbox was. */
  isKnown(): Promise<boolean> {
    return this.#turns.run(() => this.#isCurrent().catch(() => false))
  }

  /**
   * Gives UIDs to new messages without waiting for the disk, since nobody is shown anything by it, tidies up what was left
   * for later, and makes what lists and searches want of new messages.
   */
  async prepare(): Promise<void> {
    const isDone = async (): Promise<boolean> =>
      (await this.#isCurrent()) && this.table.isSettled && !this.#index.isLong
    const tidy = async (): Promise<void> => {
      if (!(await this.#isCurrent())) await this.#settle(true)
      await this.#syncArrivals()
      if (this.#index.isLong) await this.#index.fold()
    }
    await this.#turns.underLock(tidy, { isDone })
    await this.summaries.complete()
    await this.signatures?.complete()
    this.context.fresh.forgetThose(this.place.path, (base) => this.table.byBase(base) !== undefined)
  }

  /**
   * Runs a task that changes the index, under the mailbox's lock and with everything noticed that others did. It may
   * call `write`. Settles when the task has: that the lock is given back nobody has to wait for but who comes next. `since` is
   * when it was asked for.
   */
  exclusively<T>(task: () => Promise<T>, since?: number): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const change = async (): Promise<void> => {
      if (await this.#isCurrent()) await this.#index.mend()
      else await this.#settle()
      // Whoever made the index may have ended before it was marked.
      await this.#mark()
      await this.#disk.changing(() => task().then(resolve, reject))
    }
    const turn = this.#turns.underLock(change, since === undefined ? {} : { since })
    this.context.turns.add(turn)
    turn.catch(reject).finally(() => this.context.turns.delete(turn))
    return promise
  }

  /** Resolves when the lock is free. MAIL_E_UNAVAILABLE where another process has it for too long, from `since` on. */
  unlocked(since: number): Promise<void> {
    return this.#turns.underLock(async () => undefined, { since })
  }

  /** Changes the index durably. Only within `exclusively`. */
  async write(change: IndexChange): Promise<void> {
    await this.#index.append(change)
    if (this.#index.isLong) this.#later(this.place)
  }

  /** The same where it may get lost in a crash: then it is done again. A failure is logged. */
  async writeLater(change: IndexChange): Promise<void> {
    try {
      await this.#index.append(change, true)
    } catch (error) {
      this.#warn('the index is behind', error)
      this.#ahead = true
      this.#disk.forget()
    }
  }

  /** What was done is not in the index: the next sync reads everything again. */
  goAhead(change: IndexChange): void {
    this.table.apply(change)
    this.#ahead = true
    this.#disk.forget()
  }

  /** Messages that came by `write` are in `cur` now. Only within `exclusively`. */
  async arrived(fileNames: readonly string[]): Promise<void> {
    this.#unsynced.add(fileNames)
    if (this.#unsynced.areMany) await this.#syncArrivals()
  }

  /** Reads the directories again to find where messages are; those that are not in the answer cannot be seen. */
  look(bases: readonly string[]): Promise<ReadonlyMap<string, Located>> {
    return this.#disk.find(bases)
  }

  /** What all announcements of this mailbox have in common. */
  change(facts: Omit<MailboxChange, 'account' | 'mailbox' | 'uidValidity'>): MailboxChange {
    const { account, name } = this.place
    return { account, mailbox: name, uidValidity: this.uidValidity, ...facts }
  }

  /** Whether the index, as far as it is known now, agrees with the disk. Takes over what others have written. */
  async #isCurrent(): Promise<boolean> {
    if (this.#ahead) return false
    const [table, stamp] = await Promise.all([this.#index.refresh(), this.#disk.look()])
    if (table === undefined) return false
    this.#table = table
    if (!this.#index.isWhole || !(await this.#unsynced.areSettled(table))) return false
    const comparison = await this.#disk.changes(table, stamp)
    if (comparison === undefined) return true
    if (comparison.doubles > 0 || matters(comparison.difference)) return false
    this.#disk.wasRead(table, comparison)
    return true
  }

  /** Brings the index in line with the disk. */
  async #settle(later = false): Promise<void> {
    const { context, place } = this
    if (this.#ahead) this.#index.forget()
    this.#ahead = false
    const stored = await this.#index.refresh()
    await this.#index.mend()
    if (stored !== undefined && !(await this.#unsynced.areSettled(stored))) {
      // Where that is lost it is done again.
      await this.#write(await finishPending(context, place.path, stored), true)
      this.#unsynced.forget()
    }
    if (stored === undefined) return this.#begin(later)
    this.#table = stored
    const comparison = await this.#disk.compare(stored)
    const newcomers = await examineNewcomers(context, place.path, comparison.difference.newcomers)
    const change = settlingChange(stored, comparison.difference, additionsOf(stored, newcomers, undefined))
    await this.#mark()
    const written = change && (await this.#write(change, later))
    // What could not be written has to be found once more: the index that is read next does not have it.
    if (written !== false) this.#disk.wasRead(stored, comparison)
    if (change === undefined || written !== true) return
    await this.#take(comparison, later)
    announceSettled(this, change)
  }

  /** A new index is written with all messages at once: there is never one without them. */
  async #begin(later: boolean): Promise<void> {
    this.#disk.forget()
    const { table, comparison } = await newIndex(this.context, this.place, this.#index, this.#disk)
    await this.#index.replace(table)
    this.#table = table
    this.#isMarked = await markAsOurs(this.context, this.place)
    this.#disk.wasRead(table, comparison)
    await this.#take(comparison, later)
  }

  async #mark(): Promise<void> {
    this.#isMarked ||= await markAsOurs(this.context, this.place)
  }

  /** What has come is in the index now. */
  async #take({ difference: { newcomers } }: Comparison, later: boolean): Promise<void> {
    if (newcomers.length === 0) return
    // Whoever believes to have changed `cur` overlooks what others do at that very moment.
    await this.#disk.changing(() => moveOutOfNew(this, newcomers))
    // Whoever opens a new mailbox soon asks what is in it.
    this.context.threads?.expect(newcomers.length)
    if (!later) this.#later(this.place)
  }

  /** The index stops calling messages arriving once they cannot go back. Only under the lock. */
  async #syncArrivals(): Promise<void> {
    const { arriving } = this.table
    if (arriving.length === 0 || !this.#unsynced.areAll(this.table)) return
    await this.context.directories.sync(join(this.place.path, 'cur'))
    await this.writeLater({ arrived: true })
    this.#unsynced.forget()
  }

  /** Where the disk is full, what was recorded before can still be shown, read and expunged. */
  async #write(change: IndexChange, later: boolean): Promise<boolean> {
    try {
      await this.#index.append(change, later)
      return true
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.#warn('new messages are not shown', error)
      const { altered, removed } = change
      this.goAhead({ ...(altered && { altered }), ...(removed && { removed }) })
      return false
    }
  }

  #warn(problem: string, error: unknown): void {
    this.context.log.warn('unavailable', { mailbox: this.place.path, problem, error })
  }
}
