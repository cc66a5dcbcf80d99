import { open, stat } from 'node:fs/promises'
import { type Log, MailwrightError, UnavailableError } from 'mailwright'
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
/** Octets; some million entries. */
const largest = 256 * 2 ** 20

/**
 * A table in a text file that its owner edits while it is in use. A change is taken when the file has stayed the same
 * from one look to the next, so that half a file is not believed; what cannot be read is told once in the log, and what
 * was read before stays in force.
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
  /** The state at the last look. */
  #seen = ''
  #nextLook = 0
  #looking: Promise<void> | undefined

  constructor(path: string, read: (text: string) => ReadTable, options: { wholeAddressesOnly: boolean }) {
    this.path = path
    this.#read = read
    this.wholeAddressesOnly = options.wholeAddressesOnly
  }

  /** Reads the file for the first time. MAIL_E_START with its first fault. */
  async open(surroundings: TableSurroundings): Promise<void> {
    this.#surroundings ??= surroundings
    if (this.#table !== undefined) return
    try {
      const state = await stateOf(this.path)
      this.#table = this.#read(await readText(this.path))
      this.#judged = this.#seen = state
      this.#tellWarnings(this.#table, this.#surroundings.log)
      this.#nextLook = this.#surroundings.clock.monotonic() + checkEvery
    } catch (cause) {
      throw new MailwrightError('MAIL_E_START', `the table ${this.path} cannot be used`, { cause })
    }
  }

  async lookUp(key: string): Promise<string | undefined> {
    const clock = this.#surroundings?.clock
    if (clock !== undefined && clock.monotonic() >= this.#nextLook) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined
        this.#nextLook = clock.monotonic() + checkEvery
      })
      await this.#looking
    }
    if (this.#table === undefined) throw new UnavailableError(`the table ${this.path} is not open`)
    return this.#table.lookUp(key)
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const state = await stateOf(this.path).catch((error: unknown) => {
      this.#refuse('gone', error)
      return undefined
    })
    const isSettled = state === this.#seen
    this.#seen = state ?? ''
    if (state === undefined || !isSettled || state === this.#judged) return
    try {
      this.#adopt(state, this.#read(await readText(this.path)))
    } catch (error) {
      this.#refuse(state, error)
    }
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

/** Changes whenever the file is written or replaced. */
async function stateOf(path: string): Promise<string> {
  const { ino, size, mtimeMs, ctimeMs } = await stat(path)
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
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
