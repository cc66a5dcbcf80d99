import { type Clock, type Log, MailwrightError, UnavailableError } from 'mailwright'
import { type FileState, patience, SettledFile } from './settled-file.ts'
import type { Table, TableSurroundings } from './table.ts'

/** What a file says once it is read. */
export interface ReadTable {
  /** May throw MAIL_E_UNAVAILABLE. */
  lookUp(key: string): string | undefined | Promise<string | undefined>
  /** Entries. */
  readonly size: number
  /** What is odd, and harms nothing. */
  readonly warnings: readonly string[]
  /** Gives back what it holds. */
  close?(): void
}

/** Makes a table of a text in portions, as long as others do not wait for it. */
export type ReadsTable = (text: readonly string[]) => ReadTable | Promise<ReadTable>

/** Milliseconds between two looks at the file. */
const checkEvery = 1_000

type Trouble = 'broken' | 'gone' | 'unreadable' | 'given up'

const asItWas = 'the table is ignored as it is now, and used as it was'
const troubleTexts: Readonly<Record<Trouble, string>> = {
  broken: asItWas,
  gone: asItWas,
  unreadable: 'the table cannot be read now: what it did not know before has to wait',
  'given up': 'the table could not be read for minutes, and is used as it was',
}

/**
 * A table in a text file that its owner edits while it is in use. A change is taken before the next look-up is answered,
 * but half a file is not believed: one that was written just now is waited for until it has stayed the same. What is
 * broken is told once in the log, and what was read before stays in force; what cannot be read now is tried again, and
 * waited for no longer than what is being written.
 */
export class TableFile implements Table {
  readonly path: string
  readonly wholeAddressesOnly: boolean
  readonly #read: ReadsTable
  readonly #file: SettledFile
  #surroundings: TableSurroundings | undefined
  #table: ReadTable | undefined
  /** The state of the file that was last judged, as good or as bad; undefined where it was gone. */
  #judged: FileState | undefined
  /** What was told of the file and is not over yet. */
  #trouble: Trouble | undefined
  /** Of the monotonic clock. */
  #unreadableSince: number | undefined
  /** The file has another state by now, and is still being written, or cannot be read. */
  #isOutdated = false
  #toldUnquiet = false
  #nextLook = 0
  #looking: Promise<void> | undefined
  #readingFirst: Promise<ReadTable> | undefined

  constructor(path: string, read: ReadsTable, options: { wholeAddressesOnly: boolean }) {
    this.path = path
    this.#file = new SettledFile(path)
    this.#read = read
    this.wholeAddressesOnly = options.wholeAddressesOnly
  }

  /** Reads nothing yet. */
  async open(surroundings: TableSurroundings): Promise<void> {
    this.#surroundings ??= surroundings
  }

  /** Reads the file for the first time. MAIL_E_START with its first fault; one that is being written is read later. */
  async check(surroundings: TableSurroundings): Promise<void> {
    await this.open(surroundings)
    if (this.#table !== undefined) return
    try {
      this.#tellWarnings(await this.#readFirst(surroundings), surroundings.log)
    } catch (cause) {
      if (!(cause instanceof UnavailableError))
        throw new MailwrightError('MAIL_E_START', `the table ${this.path} cannot be used`, { cause })
      surroundings.log.warn('plugin-failed', { file: this.path, error: cause })
    }
  }

  close(): void {
    this.#table?.close?.()
  }

  async lookUp(key: string): Promise<string | undefined> {
    const surroundings = this.#surroundings
    if (surroundings === undefined) throw new UnavailableError(`the table ${this.path} is not open`)
    try {
      const table = await this.#current(surroundings)
      const value = await table.lookUp(key)
      if (value !== undefined || !this.#isOutdated) return value
    } catch (cause) {
      throw new UnavailableError(`the table ${this.path} cannot be used`, { cause })
    }
    throw new UnavailableError(`the table ${this.path} has changed, and cannot be read yet`)
  }

  /** What the file says now. */
  async #current(surroundings: TableSurroundings): Promise<ReadTable> {
    const { clock } = surroundings
    if (this.#table === undefined) return this.#readFirst(surroundings)
    if (clock.monotonic() >= this.#nextLook) {
      this.#looking ??= this.#look(clock).finally(() => {
        this.#looking = undefined
        this.#nextLook = clock.monotonic() + checkEvery
      })
      await this.#looking
    }
    return this.#table
  }

  #readFirst({ clock }: TableSurroundings): Promise<ReadTable> {
    this.#readingFirst ??= this.#readSettled(clock).finally(() => {
      this.#readingFirst = undefined
    })
    return this.#readingFirst
  }

  async #readSettled(clock: Clock): Promise<ReadTable> {
    const state = await this.#file.state(clock, undefined)
    const text = state && (await this.#file.text(state, clock))
    if (text === undefined) throw new UnavailableError('it is being written')
    const table = await this.#read(text)
    this.#tellUnquiet(clock)
    this.#table = table
    this.#judged = state
    this.#nextLook = clock.monotonic() + checkEvery
    return table
  }

  /** Never rejects. */
  async #look(clock: Clock): Promise<void> {
    let state: FileState | undefined
    try {
      state = await this.#file.state(clock, this.#judged)
      this.#isOutdated = state === undefined
      if (state === undefined) return
      this.#tellUnquiet(clock)
      if (state.mark === this.#judged?.mark) {
        if (this.#unreadableSince !== undefined) this.#recover()
        return
      }
      const text = await this.#file.text(state, clock)
      if (text === undefined) this.#isOutdated = true
      else this.#adopt(state, await this.#read(text))
    } catch (error) {
      this.#refuse(state, error, clock)
    }
  }

  #adopt(state: FileState, read: ReadTable): void {
    this.close()
    this.#table = read
    this.#judged = state
    const log = this.#surroundings?.log
    if (this.#trouble !== undefined) this.#recover()
    else if (!this.#toldUnquiet) log?.info('reloaded', { file: this.path, entries: read.size })
    if (log !== undefined && !this.#toldUnquiet) this.#tellWarnings(read, log)
  }

  #recover(): void {
    this.#trouble = undefined
    this.#unreadableSince = undefined
    this.#surroundings?.log.warn('recovered', { file: this.path })
  }

  /** A fault of the content lasts until the file is changed; one of reading it may be over at the next look. */
  #refuse(state: FileState | undefined, error: unknown, clock: Clock): void {
    const trouble = this.#troubleOf(error, state, clock)
    const isTold = this.#trouble === trouble && (trouble !== 'broken' || this.#toldUnquiet)
    this.#trouble = trouble
    this.#isOutdated = trouble === 'unreadable'
    if (this.#unreadableSince === undefined) this.#judged = state
    if (isTold) return
    const cause = new Error(troubleTexts[trouble], { cause: error })
    this.#surroundings?.log.error('plugin-failed', { file: this.path, error: cause })
  }

  /** What the system says of a file is no fault of its content. */
  #troubleOf(error: unknown, state: FileState | undefined, clock: Clock): Trouble {
    const { syscall, code } = error as NodeJS.ErrnoException
    const isUnreadable = syscall !== undefined && (state !== undefined || code !== 'ENOENT')
    this.#unreadableSince = isUnreadable ? (this.#unreadableSince ?? clock.monotonic()) : undefined
    if (this.#unreadableSince === undefined) return syscall === undefined ? 'broken' : 'gone'
    return clock.monotonic() - this.#unreadableSince >= patience ? 'given up' : 'unreadable'
  }

  #tellUnquiet(clock: Clock): void {
    const isUnquiet = this.#file.isNeverQuiet(clock)
    if (isUnquiet && !this.#toldUnquiet) {
      const text = 'it is written all the time, and read as it is: entries may be missing'
      this.#surroundings?.log.warn('plugin-failed', { file: this.path, text })
    }
    this.#toldUnquiet = isUnquiet
  }

  #tellWarnings({ warnings }: ReadTable, log: Log): void {
    for (const text of warnings) log.warn('plugin-failed', { file: this.path, text })
  }
}
