import { open, stat } from 'node:fs/promises'
import { type Clock, type Log, MailwrightError, UnavailableError, wait } from 'mailwright'
import type { Table, TableSurroundings } from './table.ts'

/** What a file says once it is read. */
export interface ReadTable {
  /** May throw MAIL_E_UNAVAILABLE. */
  lookUp(key: string): string | undefined
  /** Entries. */
  readonly size: number
  /** What is odd, and harms nothing. */
  readonly warnings: readonly string[]
}

/** Milliseconds between two looks at the file. */
const checkEvery = 1_000
/** Milliseconds that nobody has written to a file of which the whole is believed to be there. */
const quietFor = 1_000
/** A file that is written all the time is waited for no longer than so many times. */
const mostWaits = 2
/** Octets; some million entries. */
const largest = 256 * 2 ** 20

/**
 * A table in a text file that its owner edits while it is in use. A change is taken before the next look-up is answered,
 * but half a file is not believed: one that was written just now is waited for until it has stayed the same. What cannot
 * be read is told once in the log, and what was read before stays in force.
 */
export class TableFile implements Table {
  readonly path: string
  readonly wholeAddressesOnly: boolean
  readonly #read: (text: string) => ReadTable
  #surroundings: TableSurroundings | undefined
  #table: ReadTable | undefined
  /** The state of the file that was last judged, as good or as bad. */
  #judged = ''
  #isBad = false
  /** The file has another state by now, and is still being written. */
  #isOutdated = false
  #nextLook = 0
  #looking: Promise<void> | undefined

  constructor(path: string, read: (text: string) => ReadTable, options: { wholeAddressesOnly: boolean }) {
    this.path = path
    this.#read = read
    this.wholeAddressesOnly = options.wholeAddressesOnly
  }

  /** Reads nothing yet. */
  async open(surroundings: TableSurroundings): Promise<void> {
    this.#surroundings ??= surroundings
  }

  /** Reads the file for the first time. MAIL_E_START with its first fault. */
  async check(surroundings: TableSurroundings): Promise<void> {
    await this.open(surroundings)
    if (this.#table !== undefined) return
    try {
      this.#tellWarnings(await this.#readFirst(surroundings), surroundings.log)
    } catch (cause) {
      throw new MailwrightError('MAIL_E_START', `the table ${this.path} cannot be used`, { cause })
    }
  }

  async lookUp(key: string): Promise<string | undefined> {
    const surroundings = this.#surroundings
    if (surroundings === undefined) throw new UnavailableError(`the table ${this.path} is not open`)
    try {
      const table = await this.#current(surroundings)
      const value = table.lookUp(key)
      if (value !== undefined || !this.#isOutdated) return value
    } catch (cause) {
      throw new UnavailableError(`the table ${this.path} cannot be used`, { cause })
    }
    throw new UnavailableError(`the table ${this.path} is being written`)
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

  async #readFirst({ clock }: TableSurroundings): Promise<ReadTable> {
    const { mark } = await stateOf(this.path)
    const table = this.#read(await readText(this.path))
    this.#table = table
    this.#judged = mark
    this.#nextLook = clock.monotonic() + checkEvery
    return table
  }

  /** Never rejects. */
  async #look(clock: Clock): Promise<void> {
    const state = await this.#settledState(clock).catch((error: unknown) => {
      this.#refuse('gone', error)
      return 'gone'
    })
    this.#isOutdated = state === undefined
    if (state === undefined || state === this.#judged) return
    try {
      this.#adopt(state, this.#read(await readText(this.path)))
    } catch (error) {
      this.#refuse(state, error)
    }
  }

  /** The file's state once nobody writes to it; undefined where that does not come about. */
  async #settledState(clock: Clock): Promise<string | undefined> {
    let state = await stateOf(this.path)
    for (let waits = 0; waits < mostWaits && state.mark !== this.#judged; waits++) {
      const quiet = clock.now() - state.changedAt
      if (quiet >= quietFor) return state.mark
      // A time to come is another clock's, and says nothing.
      await wait(clock, quiet < 0 ? quietFor : quietFor - quiet)
      const next = await stateOf(this.path)
      if (next.mark === state.mark) return next.mark
      state = next
    }
    return state.mark === this.#judged ? state.mark : undefined
  }

  #adopt(state: string, read: ReadTable): void {
    this.#table = read
    this.#judged = state
    const log = this.#surroundings?.log
    if (this.#isBad) log?.warn('recovered', { file: this.path })
    else log?.info('reloaded', { file: this.path, entries: read.size })
    this.#isBad = false
    if (log !== undefined) this.#tellWarnings(read, log)
  }

  #refuse(state: string, error: unknown): void {
    if (this.#judged === state) return
    this.#judged = state
    this.#isBad = true
    const cause = new Error('the table is ignored as it is now, and used as it was', { cause: error })
    this.#surroundings?.log.error('plugin-failed', { file: this.path, error: cause })
  }

  #tellWarnings({ warnings }: ReadTable, log: Log): void {
    for (const text of warnings) log.warn('plugin-failed', { file: this.path, text })
  }
}

interface FileState {
  /** Changes whenever the file is written or replaced. */
  readonly mark: string
  /** Milliseconds since 1970, by the clock of the file system. */
  readonly changedAt: number
}

async function stateOf(path: string): Promise<FileState> {
  const { ino, size, mtimeMs, ctimeMs } = await stat(path)
  return { mark: `${ino} ${size} ${mtimeMs} ${ctimeMs}`, changedAt: Math.max(mtimeMs, ctimeMs) }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

async function readText(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    if (size > largest) throw new RangeError(`it has more than ${largest} octets`)
    const octets = Buffer.alloc(size)
    const { bytesRead } = await file.read(octets, 0, size, 0)
    return utf8.decode(octets.subarray(0, bytesRead))
  } finally {
    await file.close()
  }
}
