import { type FileHandle, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '../clock.ts'
import { idTime } from '../flow/id.ts'
import type { Log } from '../log.ts'
import type { History, HistoryEntry, HistoryQuery } from '../services/history.ts'
import { matchEntries } from './match.ts'

const day = 86_400_000
const batchDelay = 200
// Entries that wait for the disk; a disk that hangs must not fill the memory.
const longestBacklog = 100_000
const segmentForm = /^\d{4}-\d\d-\d\d\.jsonl$/

/** The history of a host: opened when it starts, closed when it stops. */
export interface FileHistory extends History {
  open(): Promise<void>
  close(): Promise<void>
}

/**
 * Keeps the history as one file of JSON lines a day (UTC), written behind in batches; files older than `retentionDays`
 * are removed. Several processes may write to the same folder: each batch is one append.
 */
export function createFileHistory(
  folder: string,
  retentionDays: number,
  clock: Clock,
  log: Log,
): FileHistory {
  return new SegmentedHistory(folder, retentionDays, clock, log)
}

class SegmentedHistory implements FileHistory {
  readonly #folder: string
  readonly #retentionDays: number
  readonly #clock: Clock
  readonly #log: Log
  #waiting: HistoryEntry[] = []
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()
  #file: { readonly name: string; readonly handle: FileHandle } | undefined
  #lost = 0
  #closed = false

  constructor(folder: string, retentionDays: number, clock: Clock, log: Log) {
    this.#folder = folder
    this.#retentionDays = retentionDays
    this.#clock = clock
    this.#log = log
  }

  async open(): Promise<void> {
    await this.#prune()
  }

  record(entry: HistoryEntry): void {
    if (this.#waiting.length >= longestBacklog) {
      this.#lost++
      return
    }
    this.#waiting.push(entry)
    if (this.#closed) return
    this.#timer ??= this.#clock.after(batchDelay, () => void this.flush())
  }

  flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    const days = Map.groupBy(batch, (entry) => segmentName(entry.at))
    for (const [name, entries] of days) {
      try {
        const handle = await this.#segment(name)
        await handle.appendFile(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
      } catch (error) {
        this.#lost += entries.length
        await this.#closeFile()
        this.#log.error('unavailable', { service: 'history', lost: this.#lost, error })
      }
    }
  }

  async #segment(name: string): Promise<FileHandle> {
    if (this.#file?.name === name) return this.#file.handle
    await this.#closeFile()
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const handle = await open(join(this.#folder, name), 'a', 0o600)
    this.#file = { name, handle }
    await this.#prune()
    return handle
  }

  async #closeFile(): Promise<void> {
    const { handle } = this.#file ?? {}
    this.#file = undefined
    await handle?.close().catch(() => undefined)
  }

  async #prune(): Promise<void> {
    const oldest = segmentName(this.#clock.now() - this.#retentionDays * day)
    for (const name of await this.#segments()) {
      if (name < oldest) await unlink(join(this.#folder, name)).catch(() => undefined)
    }
  }

  /** Names of the days' files, oldest first. */
  async #segments(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch(() => [])
    return names.filter((name) => segmentForm.test(name)).sort()
  }

  async find(query: HistoryQuery): Promise<readonly HistoryEntry[]> {
    await this.flush()
    const made = query.id === undefined ? undefined : idTime(query.id)
    // A session may be a day older than its transaction, and a transaction may end days after it began.
    const since = Math.max(query.since?.getTime() ?? 0, made === undefined ? 0 : made - day)
    const names = (await this.#segments()).filter((name) => name >= segmentName(since))
    return matchEntries(query, async (visit) => {
      for (const name of names) {
        const octets = await readFile(join(this.#folder, name)).catch(() => Buffer.alloc(0))
        visit(octets)
      }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.flush()
    await this.#closeFile()
  }
}

function segmentName(at: number): string {
  return `${new Date(Math.max(0, at)).toISOString().slice(0, 10)}.jsonl`
}
