import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UnavailableError } from 'mailwright'
import { syncFolder } from 'mailwright/disk'
import { JournalState, type MailboxRecord, type MailboxStart } from './journal-lines.ts'
import { lockRun, type RunLock } from './run-lock.ts'

/**
 * What an import has done so far, in a file that is only added to, so that the next run goes on from there, however
 * this one ends. Each batch is noted before it is stored and after: what lies between is looked for in the target.
 */
export class Journal {
  readonly #file: FileHandle
  readonly #state: JournalState
  readonly #lock: RunLock
  #waiting = ''

  private constructor(file: FileHandle, state: JournalState, lock: RunLock) {
    this.#file = file
    this.#state = state
    this.#lock = lock
  }

  /** Opens or makes the file. `about` says for people what it is about. MAIL_E_IN_USE while another run has it. */
  static async open(path: string, about: Readonly<Record<string, string>>): Promise<Journal> {
    return guarded(async () => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const lock = await lockRun(`${path}.lock`)
      try {
        const file = await open(path, 'a+', 0o600)
        const state = await readState(file)
        const journal = new Journal(file, state, lock)
        if ((await file.stat()).size === 0) {
          journal.#add({ import: 1, ...about })
          await journal.flush()
          await syncFolder(dirname(path))
        }
        return journal
      } catch (error) {
        await lock.release()
        throw error
      }
    })
  }

  /** What is known of a mailbox of the source. */
  record(key: string): MailboxRecord | undefined {
    return this.#state.mailboxes.get(key)
  }

  /** Turns to a mailbox; the record follows what is noted from then on. */
  start(key: string, start: MailboxStart): MailboxRecord {
    this.#add({ mailbox: key, ...start })
    const record = this.record(key)
    if (record === undefined) throw new RangeError('a mailbox was not noted')
    return record
  }

  /** These are about to be stored, from that UID on. Durable when it resolves. */
  async begin(keys: readonly string[], uidValidity: number, uidNext: number): Promise<void> {
    this.#add({ begin: keys, uidValidity, uidNext })
    await this.flush()
  }

  /** They are stored, but for those. Durable with what is noted next. */
  end(failed: readonly string[]): void {
    this.#add({ end: failed })
  }

  /** These were there already. */
  found(keys: readonly string[]): void {
    this.#add({ found: keys })
  }

  /** All of the mailbox has been looked at. */
  async complete(): Promise<void> {
    this.#add({ complete: true })
    await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#waiting === '') return
    const text = this.#waiting
    this.#waiting = ''
    await guarded(async () => {
      await this.#file.appendFile(text)
      await this.#file.datasync()
    })
  }

  async close(): Promise<void> {
    try {
      await this.flush()
    } finally {
      await this.#file.close()
      await this.#lock.release()
    }
  }

  #add(value: unknown): void {
    const line = JSON.stringify(value)
    this.#state.apply(line)
    this.#waiting += `${line}\n`
  }
}

/** What a file holds, without touching it; nothing where there is none. */
export async function readJournal(path: string): Promise<JournalState> {
  try {
    const text = await readFile(path, 'utf8')
    return stateOf(text.slice(0, text.lastIndexOf('\n') + 1))
  } catch {
    return new JournalState()
  }
}

/** Reads the lines; the last one, where a crash has torn it, is cut off. */
async function readState(file: FileHandle): Promise<JournalState> {
  const text = await file.readFile('utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole !== text) await file.truncate(Buffer.byteLength(whole))
  return stateOf(whole)
}

function stateOf(text: string): JournalState {
  const state = new JournalState()
  let isWhole = true
  for (const line of text.split('\n')) if (line !== '' && !state.apply(line)) isWhole = false
  if (!isWhole) state.doubt()
  return state
}

async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw new UnavailableError('the state of the import cannot be kept', { cause: error })
    throw error
  }
}
