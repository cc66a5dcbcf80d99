import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  type Clock,
  errorText,
  type Log,
  MailwrightError,
  type Timer,
  UnavailableError,
  wait,
} from 'mailwright'
import { type FileContents, type FileFormat, problemOf } from './contents.ts'
import { lookAt, type RawContents, readContents } from './reading.ts'

// A changed file is read when it has stayed the same for so long: an editor may have emptied or made it and not yet
// filled it, and half a file would make senders believe that the other half's accounts are gone.
const SETTLE_MILLISECONDS = 200
const WATCH_MILLISECONDS = 400
const PATIENCE_MILLISECONDS = 5000
const PAUSE_MILLISECONDS = 50

export interface SourceSettings<Contents extends FileContents> {
  readonly format: FileFormat<Contents>
  /** Absolute. */
  readonly file: string
  readonly create: boolean
  readonly clock: Clock
  readonly log: Log
}

/** What the file says, and the state of the file that says so. */
export interface Snapshot<Contents> {
  readonly contents: Contents
  readonly state: string
}

/**
 * The file's contents, always fresh: every look-up asks the file system whether it has changed. What cannot be read or
 * has faults is told once in the log, and the contents before it stay in force.
 */
export class AccountsSource<Contents extends FileContents> {
  readonly #settings: SourceSettings<Contents>
  #contents: Contents
  /** The state of the file that was last judged, as good or as bad. */
  #judged = ''
  /** What was bad in it. */
  #problem: string | undefined
  /** A state that was seen and may not be finished. */
  #settling: { readonly state: string; readonly since: number } | undefined
  #refreshing: Promise<void> | undefined
  #isWatching = false
  #timer: Timer | undefined

  constructor(settings: SourceSettings<Contents>) {
    this.#settings = settings
    this.#contents = settings.format.read('')
  }

  /** Reads the file for the first time. MAIL_E_START with all its faults. */
  async open(): Promise<void> {
    const { file, create, format } = this.#settings
    if (create) await makeFile(file, format.empty)
    this.adopt(await this.#readGood())
  }

  /** MAIL_E_START with all faults of the file, where there is one. Makes none. */
  async check(): Promise<void> {
    const { file, create } = this.#settings
    if (!create || existsSync(file)) await this.#readGood()
  }

  async #readGood(): Promise<Snapshot<Contents>> {
    const { file, format } = this.#settings
    const { text, state } = await this.#readFirst()
    const contents = format.read(text)
    const problem = problemOf(contents.faults)
    if (problem !== undefined)
      throw new MailwrightError('MAIL_E_START', `the accounts file ${file}: ${problem}`)
    return { contents, state }
  }

  async #readFirst(): Promise<RawContents> {
    const { file, clock } = this.#settings
    const deadline = clock.monotonic() + PATIENCE_MILLISECONDS
    for (;;) {
      const contents = await readContents(file).catch((cause) => {
        const hint = cause.code === 'ENOENT' ? ' (the option `create` makes it)' : ''
        throw new MailwrightError('MAIL_E_START', `the accounts file ${file} cannot be read${hint}`, {
          cause,
        })
      })
      if (contents !== undefined) return contents
      if (clock.monotonic() >= deadline) {
        throw new MailwrightError('MAIL_E_START', `the accounts file ${file} is being written all the time`)
      }
      await wait(clock, PAUSE_MILLISECONDS)
    }
  }

  /** Looks for changes also while nobody asks, so that a fault is told when it is made. */
  watch(): void {
    this.#isWatching = true
    this.#timer = this.#settings.clock.after(WATCH_MILLISECONDS, () => {
      this.current()
        .catch((error) => this.#settings.log.error('internal-error', { error }))
        .finally(() => this.#isWatching && this.watch())
    })
  }

  close(): void {
    this.#isWatching = false
    this.#timer?.cancel()
  }

  /** The contents in force. Never rejects for what is wrong with the file. */
  async current(): Promise<Contents> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    await this.#refreshing
    return this.#contents
  }

  /** What the file says at this moment, as the base of a change. MAIL_E_UNAVAILABLE where it cannot be used. */
  async settled(): Promise<Snapshot<Contents>> {
    const { file, clock } = this.#settings
    const deadline = clock.monotonic() + PATIENCE_MILLISECONDS
    for (;;) {
      const contents = await this.current()
      const state = await lookAt(file)
      if (state === this.#judged && contents === this.#contents) {
        if (this.#problem === undefined) return { contents, state }
        throw new UnavailableError(`the accounts file cannot be changed as it is now: ${this.#problem}`)
      }
      if (clock.monotonic() >= deadline)
        throw new UnavailableError('somebody else is writing the accounts file')
      await wait(clock, PAUSE_MILLISECONDS)
    }
  }

  /** Puts contents in force: those just read, or just written by ourselves. */
  adopt({ contents, state }: Snapshot<Contents>): void {
    const { file, log } = this.#settings
    if (this.#problem !== undefined) log.warn('recovered', { file })
    this.#contents = contents
    this.#judged = state
    this.#problem = undefined
  }

  async #refresh(): Promise<void> {
    const { file } = this.#settings
    const judged = this.#judged
    const state = await lookAt(file)
    if (state === judged || !this.#isSettled(state)) return
    const contents = await readContents(file).catch(errorText)
    // What we wrote ourselves meanwhile is newer than what was read here.
    if (judged !== this.#judged) return
    if (typeof contents === 'string') this.#refuse(state, contents)
    else if (contents?.state === state) this.#judge(state, contents.text)
  }

  #isSettled(state: string): boolean {
    const now = this.#settings.clock.monotonic()
    if (this.#settling?.state !== state) this.#settling = { state, since: now }
    return now - this.#settling.since >= SETTLE_MILLISECONDS
  }

  #judge(state: string, text: string): void {
    const contents = this.#settings.format.read(text)
    const isEmptied = text === '' && !this.#contents.isEmpty
    const problem = isEmptied ? 'it has become empty' : problemOf(contents.faults)
    if (problem === undefined) this.adopt({ contents, state })
    else this.#refuse(state, problem)
  }

  #refuse(state: string, problem: string): void {
    this.#judged = state
    this.#problem = problem
    const { file, log } = this.#settings
    log.error('plugin-failed', {
      file,
      error: new Error(`the accounts file is ignored as it is now: ${problem}`),
    })
  }
}

async function makeFile(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFile(file, text, { flag: 'wx', mode: 0o600, flush: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return
    throw new MailwrightError('MAIL_E_START', `the accounts file ${file} cannot be made`, { cause })
  }
}
