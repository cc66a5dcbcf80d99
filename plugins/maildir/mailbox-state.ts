import { join } from 'node:path'
import { type Account, type MailboxChange, MailwrightError, type MessageEntry } from 'mailwright'
import type { MaildirContext } from './context.ts'
import { isFull, isMissing } from './disk-errors.ts'
import { flagsOf } from './flags.ts'
import { formatFileName, printableName } from './message-name.ts'
import { examineNewcomers, withNewcomers } from './newcomers.ts'
import { finishPending, isSettled } from './pending.ts'
import { type Located, pathOf, type Scan, scanFor, scanMailbox } from './scan.ts'
import { Serial } from './serial.ts'
import { UidFile } from './uid-file.ts'
import { emptyUidList, type UidList, type UidRecord, uidFileName } from './uid-list.ts'
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

/** What is known of a mailbox at one moment. */
export interface MailboxSnapshot {
  readonly uidValidity: number
  readonly uidNext: number
  /** Ascending by UID. */
  readonly entries: readonly MessageEntry[]
}

/**
 * What this process knows of one mailbox, shared by all who have it open here: which UID is which file, and where the
 * file is now. Nothing in it is believed longer than until the disk says otherwise.
 *
 * UIDs are given under a lock between processes and are on the disk before anybody is told. Reading, delivering and
 * changing flags need no lock.
 */
export class MailboxState {
  readonly context: MaildirContext
  readonly place: MailboxPlace
  readonly #uids: UidFile
  readonly #serial = new Serial()
  #list: UidList = emptyUidList(0)
  #byUid = new Map<number, UidRecord>()
  #located = new Map<string, Located>()
  #entries = new Map<number, MessageEntry>()

  constructor(context: MaildirContext, place: MailboxPlace) {
    this.context = context
    this.place = place
    this.#uids = new UidFile(context, place.path, place.root)
  }

  /** As last read or written. */
  get list(): UidList {
    return this.#list
  }

  get uidValidity(): number {
    return this.#list.uidValidity
  }

  snapshot(): MailboxSnapshot {
    const { uidValidity, uidNext, records } = this.#list
    const entries: MessageEntry[] = []
    for (const { uid } of records) {
      const entry = this.#entries.get(uid)
      if (entry !== undefined) entries.push(entry)
    }
    return { uidValidity, uidNext, entries }
  }

  record(uid: number): UidRecord | undefined {
    return this.#byUid.get(uid)
  }

  /** Where the message was last seen. */
  located(base: string): Located | undefined {
    return this.#located.get(base)
  }

  /** Runs after everything else that this process does to the mailbox, and before what comes later. */
  inTurn<T>(task: () => Promise<T>): Promise<T> {
    return this.#serial.run(task)
  }

  /** Notices what others did, gives UIDs to new messages, tells the hooks of what nobody has told them. */
  sync(): Promise<void> {
    return this.inTurn(async () => {
      const list = await this.#uids.load()
      const scan = await this.#scan()
      const { messages, doubles } = scan
      const complete =
        list?.records.length === messages.size && list.records.every(({ base }) => messages.has(base))
      if (list !== undefined && complete && doubles.length === 0 && isSettled(list)) this.#observe(list, scan)
      else await this.#underLock(() => this.#settle())
    })
  }

  /**
   * Runs a task that changes the list of UIDs, under the mailbox's lock and with everything noticed that others did. It
   * may call `save`.
   */
  exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.inTurn(() =>
      this.#underLock(async () => {
        await this.#settle()
        return task()
      }),
    )
  }

  /** Writes the list durably. Only within `exclusively`. */
  async save(list: UidList): Promise<void> {
    await this.#uids.write(list)
    this.#adopt(list)
  }

  /** Reads the directories again and remembers where files are; knows no more messages and no fewer than before. */
  async look(bases: readonly string[] = []): Promise<void> {
    const { messages } = bases.length === 0 ? await this.#scan() : await this.#scan(bases)
    this.#located = messages
  }

  /** Remembers where a message was moved to. */
  relocate(located: Located): void {
    this.#located.set(located.base, located)
  }

  /** The entry of a record as its file's name now says. */
  refreshEntry({ uid, base, size, internalDate }: UidRecord): MessageEntry | undefined {
    const located = this.#located.get(base)
    if (located === undefined) return undefined
    const flags = flagsOf(located.letters)
    const before = this.#entries.get(uid)
    if (before !== undefined && before.flags.join() === flags.join()) return before
    const entry: MessageEntry = {
      uid,
      id: printableName(base),
      size,
      flags,
      internalDate: new Date(internalDate),
      modSequence: 0,
    }
    this.#entries.set(uid, entry)
    return entry
  }

  /** What all announcements of this mailbox have in common. */
  change(facts: Omit<MailboxChange, 'account' | 'mailbox' | 'uidValidity'>): MailboxChange {
    const { account, name } = this.place
    return { account, mailbox: name, uidValidity: this.uidValidity, ...facts }
  }

  async #scan(expected: readonly string[] = []): Promise<Scan> {
    const { files } = this.context
    const { path, name } = this.place
    try {
      return expected.length === 0 ? await scanMailbox(files, path) : await scanFor(files, path, expected)
    } catch (error) {
      if (!isMissing(error)) throw error
      throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no mailbox ${name} any more`, { cause: error })
    }
  }

  async #underLock<T>(task: () => Promise<T>): Promise<T> {
    const lease = await this.context.locks.acquire(join(this.place.path, `${uidFileName}.lock`))
    try {
      return await task()
    } finally {
      await lease.release()
    }
  }

  /** Brings the list in line with the disk and writes it where it changed. */
  async #settle(): Promise<void> {
    const { context, place } = this
    const stored = await this.#uids.load()
    const list = stored ?? (await this.#uids.create(await this.#wasRead()))
    const finished = isSettled(list) ? list : await finishPending(context, place.path, list)
    const scan = await this.#scanApart(finished.records.map(({ base }) => base))
    const kept = finished.records.filter(({ base }) => scan.messages.has(base))
    const gone = finished.records.filter(({ base }) => !scan.messages.has(base))
    const known = new Set([...kept.map(({ base }) => base), ...finished.leaving])
    const located = [...scan.messages.values()].filter(({ base }) => !known.has(base))
    const newcomers = await examineNewcomers(context, place.path, located)
    const base = gone.length === 0 ? finished : { ...finished, records: kept }
    const next = newcomers.length === 0 ? base : withNewcomers(base, newcomers)
    const written = next === stored ? next : await this.#write(next, stored)
    this.#observe(written, scan)
    if (stored !== undefined && written === next) this.#announce(next.records.slice(kept.length), gone)
  }

  /** Where the disk is full, what was recorded before can still be shown, read and expunged. */
  async #write(next: UidList, stored: UidList | undefined): Promise<UidList> {
    try {
      await this.#uids.write(next)
      return next
    } catch (error) {
      if (stored === undefined || !isFull(error)) throw error
      this.context.log.warn('unavailable', {
        mailbox: this.place.path,
        problem: 'new messages are not shown',
        error,
      })
      return stored
    }
  }

  /** Whether some program has read the mailbox before: then messages are in `cur`. */
  async #wasRead(): Promise<boolean> {
    return [...(await this.#scan()).messages.values()].some(({ directory }) => directory === 'cur')
  }

  /**
   * A scan in which each base name is one file. Two files of one name are either one that was renamed during the scan,
   * or two links to one file (somebody moves with link and unlink), or somebody made a copy: the copy gets a name.
   */
  async #scanApart(expected: readonly string[]): Promise<Scan> {
    const scan = await this.#scan(expected)
    let renamed = false
    for (const double of scan.doubles) renamed = (await this.#partDouble(scan, double)) || renamed
    return renamed ? this.#scan(expected) : scan
  }

  async #partDouble(scan: Scan, double: Located): Promise<boolean> {
    const { files, names, log } = this.context
    const other = scan.messages.get(double.base)
    if (other === undefined) return false
    try {
      const [one, two] = [
        await files.lstat(pathOf(this.place.path, double)),
        await files.lstat(pathOf(this.place.path, other)),
      ]
      if (one.ino === two.ino && one.dev === two.dev) return false
      const base = names()
      await files.rename(
        pathOf(this.place.path, double),
        pathOf(this.place.path, { directory: 'cur', fileName: formatFileName({ ...double, base }) }),
      )
      log.warn('store-repaired', {
        mailbox: this.place.path,
        reason: 'two messages had one name',
        name: double.base,
      })
      return true
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  #adopt(list: UidList): void {
    if (list === this.#list) return
    if (list.uidValidity !== this.#list.uidValidity) this.#entries.clear()
    this.#list = list
    this.#byUid = new Map(list.records.map((record) => [record.uid, record]))
    for (const uid of this.#entries.keys()) if (!this.#byUid.has(uid)) this.#entries.delete(uid)
  }

  /** Takes over what was seen, and tells of flags that others changed. */
  #observe(list: UidList, scan: Scan): void {
    this.#adopt(list)
    this.#located = scan.messages
    const changed: MessageEntry[] = []
    for (const record of list.records) {
      const before = this.#entries.get(record.uid)
      const entry = this.refreshEntry(record)
      if (before !== undefined && entry !== undefined && entry !== before) changed.push(entry)
    }
    if (changed.length === 0) return
    const uids = changed.map(({ uid }) => uid)
    this.context.announce.flagged(
      this.change({ cause: 'external', uids, flags: changed.map(({ flags }) => flags) }),
    )
  }

  #announce(added: readonly UidRecord[], gone: readonly UidRecord[]): void {
    const { announce } = this.context
    // What has one of our names was announced when it was put there.
    const foreign = added.filter(({ base }) => !isOwnName(base)).map(({ uid }) => uid)
    if (foreign.length > 0) announce.stored(this.change({ cause: 'external', uids: foreign }))
    if (gone.length > 0)
      announce.expunged(this.change({ cause: 'external', uids: gone.map(({ uid }) => uid) }))
  }
}
