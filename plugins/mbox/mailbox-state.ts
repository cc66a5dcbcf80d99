import { randomBytes } from 'node:crypto'
import { type MailboxChange, Serial, UnavailableError } from 'mailwright'
import { isDiskFull, isMissing, systemCode } from 'mailwright/disk'
import type { AccountFile } from './account-file.ts'
import type { MboxContext } from './context.ts'
import type { OpenFile } from './file-system.ts'
import { IndexFile } from './index-file.ts'
import { type MailboxIndex, type MessageRecord, sameStamp, stampOf } from './index-record.ts'
import { KnownMailbox, type MailboxIdentity } from './known-mailbox.ts'
import type { MailboxFiles, MailboxPlace } from './mailbox-files.ts'
import type { LockedFile } from './mailbox-lock.ts'
import { type Arrival, type Numbered, type Numbers, numberMessages, numbersOfFile } from './numbering.ts'
import { applyPatches } from './patch.ts'
import { lookAt, type Sight } from './sight.ts'
import { settleChange } from './tail-change.ts'
import { removeTornAppend } from './torn-append.ts'

export interface SettleOptions {
  /** Whether to look at all of the file where others may have changed what is known. */
  readonly whole?: boolean
  /** Whether to look at all of the file, though nobody seems to have changed it. */
  readonly distrust?: boolean
  /** What the caller has just put there, if that is all that is new. */
  readonly arrival?: Arrival
}

const attempts = 5

/**
 * What this process knows of one mailbox, shared by all who have it open here. Nothing in it is believed longer than
 * until the disk says otherwise. UIDs are given under the mailbox's lock, and are on the disk before anybody is told.
 */
export class MailboxState {
  readonly context: MboxContext
  readonly place: MailboxPlace
  readonly #files: MailboxFiles
  readonly #account: AccountFile
  readonly #indexFile: IndexFile
  readonly #serial = new Serial()
  /** As last seen. */
  readonly known: KnownMailbox

  constructor(context: MboxContext, files: MailboxFiles, account: AccountFile, name: string) {
    this.context = context
    this.place = files.place(name)
    this.#files = files
    this.#account = account
    this.#indexFile = new IndexFile(context, this.place)
    this.known = new KnownMailbox(name)
  }

  /** Notices what others did, gives UIDs to new messages, tells the hooks of what nobody has told them. */
  sync(options: SettleOptions = {}): Promise<void> {
    return this.inTurn(async () => {
      if (!(await this.#isCurrent(options))) await this.#locked((locked) => this.settle(locked, options))
    })
  }

  /** Runs after everything else that this process does to the mailbox, and before what comes later. */
  inTurn<T>(task: () => Promise<T>): Promise<T> {
    return this.#serial.run(task)
  }

  /** Runs a task with the mailbox locked and nothing half done in its file. */
  locked<T>(task: (locked: LockedFile) => Promise<T>): Promise<T> {
    return this.inTurn(() =>
      this.#locked(async (locked) => {
        await settleChange(this.context, this.place, locked)
        return task(locked)
      }),
    )
  }

  /** Runs a task with the mailbox locked, whatever state it is in, and with what its index says. */
  unsettled<T>(
    task: (locked: LockedFile, index: MailboxIndex | 'missing' | 'damaged') => Promise<T>,
  ): Promise<T> {
    return this.inTurn(() => this.#locked(async (locked) => task(locked, await this.#indexFile.load())))
  }

  /**
   * Runs a task with the mailbox locked and with everything noticed that others did. MAIL_E_UNAVAILABLE where the UIDs
   * are not any more those that the caller knows.
   */
  exclusively<T>(
    expected: MailboxIdentity | undefined,
    options: SettleOptions,
    task: (locked: LockedFile) => Promise<T>,
  ): Promise<T> {
    return this.inTurn(() =>
      this.#locked(async (locked) => {
        await this.settle(locked, options)
        if (expected !== undefined) this.known.require(expected)
        return task(locked)
      }),
    )
  }

  /**
   * Runs a task that reads the file, which nobody changes meanwhile and whose messages are where the records say. It must
   * not wait for this mailbox. MAIL_E_UNAVAILABLE as for `exclusively`.
   */
  async reading<T>(expected: MailboxIdentity, task: (file: OpenFile) => Promise<T>): Promise<T> {
    const locked = await this.#acquire('shared')
    try {
      this.known.require(expected)
      if (this.known.isAsLeft(await locked.file.stat())) return await task(locked.file)
    } finally {
      await locked.release()
    }
    return this.exclusively(expected, {}, ({ file }) => task(file))
  }

  /** Brings the index in line with the file, which is locked. */
  async settle(locked: LockedFile, options: SettleOptions = {}): Promise<Numbered> {
    const { whole = false, distrust = false, arrival } = options
    await settleChange(this.context, this.place, locked)
    const loaded = await this.#indexFile.load()
    const known = typeof loaded === 'string' ? undefined : loaded
    if (loaded === 'damaged') this.#repaired('its index was damaged')
    if (known !== undefined && (await removeTornAppend(this.context, this.place, locked, known)))
      this.#repaired('a message was not written whole')
    const sight = await lookAt(locked.file, known, { whole, distrust })
    const numbers = known ?? (await this.#newNumbers(sight))
    const numbered = numberMessages(sight, numbers, {
      adopting: known === undefined && numbers.uidNext > 1,
      now: this.context.clock.now(),
      arrival,
    })
    const verified = arrival === undefined ? sight.verified : (known?.verified ?? sight.verified)
    await this.#write(locked, { sight, known, numbers, numbered, verified })
    if (known !== undefined) this.#announce(numbered)
    return numbered
  }

  /** Takes over records after a change that the caller has made to the file, and writes the index. Never fails. */
  async adopt(
    locked: LockedFile,
    change: Partial<MailboxIndex>,
    flagged: readonly MessageRecord[],
  ): Promise<void> {
    try {
      const stamp = stampOf(await locked.file.stat())
      const next: MailboxIndex = { ...this.known.index, known: stamp.size, ...change, stamp }
      this.known.take(next, change.known !== undefined)
      // Flags alone are told by the mailbox's file too; places are not.
      if (change.known === undefined) await this.#indexFile.setFlags(next, flagged)
      else await this.#indexFile.write(next)
    } catch (error) {
      // The file is then seen to be another one than the index tells of, and looked at.
      this.known.take({ ...this.known.index, ...change }, true)
      this.context.log.warn('unavailable', { mailbox: locked.path, problem: 'the index is behind', error })
    }
  }

  /** Tells the index that the file has grown by messages of ours, so that only these have to be looked at. */
  async noteAppend(before: Parameters<IndexFile['noteAppend']>[0], locked: LockedFile): Promise<void> {
    try {
      await this.#indexFile.noteAppend(before, await locked.file.stat())
    } catch (error) {
      this.context.log.debug('unavailable', { mailbox: locked.path, problem: 'the index is behind', error })
    }
  }

  /** What all announcements of this mailbox have in common. */
  change(facts: Omit<MailboxChange, 'account' | 'mailbox' | 'uidValidity'>): MailboxChange {
    const { account, name } = this.place
    return { account, mailbox: name, uidValidity: this.known.uidValidity, ...facts }
  }

  async #isCurrent({ whole = false }: SettleOptions): Promise<boolean> {
    const { status } = await this.#files.require(this.place.name)
    if (!this.known.isAsLeft(status) || (whole && !this.known.index.verified)) return false
    return this.known.index.known === status.size && this.#indexFile.isCurrent()
  }

  async #locked<T>(task: (locked: LockedFile) => Promise<T>): Promise<T> {
    const locked = await this.#acquire('exclusive')
    try {
      return await task(locked)
    } finally {
      await locked.release()
    }
  }

  /** Locks the file wherever it is now: it steps aside when the mailbox gets children. */
  async #acquire(kind: 'shared' | 'exclusive'): Promise<LockedFile> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { path } = await this.#files.require(this.place.name)
      try {
        return await this.context.locks.acquire(path, kind)
      } catch (error) {
        if (!isMissing(error) && systemCode(error) !== 'EISDIR') throw error
      }
    }
    throw new UnavailableError(`the file of ${this.place.name} is not to be found`)
  }

  /** For a mailbox without an index: what its file tells, where that can be believed, else new ones. */
  async #newNumbers(sight: Sight): Promise<Numbers> {
    const id = randomBytes(8).toString('hex')
    const told = numbersOfFile(sight)
    if (told !== undefined && (await this.#account.adoptUidValidity(told.uidValidity)))
      return { id, ...told, records: [] }
    const uidValidity = await this.#account.nextUidValidity(this.known.uidValidity)
    return { id, uidValidity, uidNext: 1, records: [] }
  }

  /** First the file, then the index: neither may ever tell less than has been given. */
  async #write(locked: LockedFile, settling: Settling): Promise<void> {
    const { sight, known, numbers, numbered, verified } = settling
    const { file } = locked
    const { patches, records, uidNext, added } = numbered
    if (patches.length > 0) {
      await applyPatches(file, patches)
      await file.datasync()
    }
    const { size } = sight.status
    const stamp = { ...stampOf(await file.stat()), size }
    const { id, uidValidity } = numbers
    const knowledge = { uidNext, known: size, ended: sight.ended, verified, stamp }
    const next: MailboxIndex = { id, uidValidity, records, ...knowledge }
    try {
      if (known === undefined || sight.messages.kind === 'all') await this.#indexFile.write(next)
      else if (!isSame(known, next)) await this.#indexFile.add(next, added)
    } catch (error) {
      if (known === undefined || !isDiskFull(error)) throw error
      // What was recorded before can still be shown, read and flagged.
      this.context.log.warn('unavailable', {
        mailbox: locked.path,
        problem: 'new messages are not shown',
        error,
      })
      const shown = records.filter(({ uid }) => uid < known.uidNext)
      const described = sight.messages.kind === 'all' ? size : known.known
      this.known.take({ ...known, records: shown, known: described, stamp }, true)
      return
    }
    this.known.take(next, sight.messages.kind === 'all')
  }

  #repaired(reason: string): void {
    this.context.log.warn('store-repaired', {
      mailbox: this.place.name,
      account: this.place.account.id,
      reason,
    })
  }

  /** What others did. */
  #announce({ foreign, gone, flagged }: Numbered): void {
    const { announce } = this.context
    const uidsOf = (records: readonly MessageRecord[]): number[] => records.map(({ uid }) => uid)
    const cause = 'external'
    if (foreign.length > 0) announce.stored(this.change({ cause, uids: uidsOf(foreign) }))
    if (flagged.length > 0)
      announce.flagged(
        this.change({ cause, uids: uidsOf(flagged), flags: flagged.map(({ flags }) => flags) }),
      )
    if (gone.length > 0) announce.expunged(this.change({ cause, uids: uidsOf(gone) }))
  }
}

interface Settling {
  readonly sight: Sight
  readonly known: MailboxIndex | undefined
  readonly numbers: Numbers
  readonly numbered: Numbered
  readonly verified: boolean
}

function isSame(a: MailboxIndex, b: MailboxIndex): boolean {
  return (
    a.records === b.records && a.known === b.known && a.verified === b.verified && sameStamp(a.stamp, b.stamp)
  )
}
