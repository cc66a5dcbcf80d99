import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '../clock.ts'
import { UnavailableError } from '../errors.ts'
import { idTime } from '../flow/id.ts'
import type { Log } from '../log.ts'
import type { History, HistoryEntry, HistoryQuery } from '../services/history.ts'
import { matchEntries } from './match.ts'

const day = 86_400_000
const batchDelay = 200
// Entries that wait for the disk; a disk that hangs must not fill the memory.
const longestBacklog = 100_000
// What one call of the system writes, so that another process's lines do not come in between.
const writeCharacters = 65_536
const readOctets = 4 * 1024 * 1024
const LF = 10
// The last day with a year of four digits.
const latest = Date.UTC(9999, 11, 31)
const segmentForm = /^\d{4}-\d\d-\d\d\.jsonl$/

/** The history of a host: opened when it starts, closed when it stops. */
export interface FileHistory extends History {
  open(): Promise<void>
  close(): Promise<void>
}

/**
 * Keeps the history as one file of JSON lines a day (UTC), written behind in batches; files older than `retentionDays`
 * are removed. Several processes may write to the same folder: whole lines are appended with one call of the system.
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
  #failing = false
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
    if (this.#closed) return
    if (this.#waiting.length >= longestBacklog) {
      if (this.#lost === 0) this.#log.warn('limit-reached', { service: 'history', waiting: longestBacklog })
      this.#lost++
      return
    }
    // Plugins may be plain JavaScript; an entry without a time has no file.
    this.#waiting.push(Number.isFinite(entry.at) ? entry : { ...entry, at: this.#clock.now() })
    this.#timer ??= this.#clock.after(batchDelay, () => void this.flush())
  }

  flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    const written = this.#writing.then(() => this.#write())
    this.#writing = written.catch((error: unknown) =>
      this.#log.error('internal-error', { service: 'history', error }),
    )
    return this.#writing
  }

  async #write(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    const days = Map.groupBy(batch, (entry) => segmentName(entry.at))
    for (const [name, entries] of days) {
      try {
        await this.#append(name, entries)
        if (this.#failing) this.#log.warn('recovered', { service: 'history', lost: this.#lost })
        this.#failing = false
      } catch (error) {
        this.#lost += entries.length
        await this.#closeFile()
        // A full disk is told once, not with every batch.
        if (!this.#failing) this.#log.error('unavailable', { service: 'history', error })
        this.#failing = true
      }
    }
  }

  async #append(name: string, entries: readonly HistoryEntry[]): Promise<void> {
    const handle = await this.#segment(name)
    for (const octets of blocks(entries)) {
      const { bytesWritten } = await handle.write(octets)
      if (bytesWritten < octets.length) throw new UnavailableError('the disk took only a part of the history')
    }
  }

  async #segment(name: string): Promise<FileHandle> {
    if (this.#file?.name === name) return this.#file.handle
    await this.#closeFile()
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const handle = await open(join(this.#folder, name), 'a+', 0o600)
    this.#file = { name, handle }
    await endLastLine(handle)
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
      for (const name of names) await this.#read(name, visit)
    })
  }

  /** Reads a day's file in parts of whole lines; a day may be larger than a buffer can be. */
  async #read(name: string, visit: (lines: Buffer) => void): Promise<void> {
    let rest: Buffer = Buffer.alloc(0)
    try {
      for await (const chunk of createReadStream(join(this.#folder, name), { highWaterMark: readOctets })) {
        const octets: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
        const end = octets.lastIndexOf('\n') + 1
        visit(octets.subarray(0, end))
        rest = octets.subarray(end)
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(name, error)
    }
    visit(rest)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.flush()
    await this.#closeFile()
  }
}

/** Where a crash or a full disk left half a line, what comes next begins a new one. */
async function endLastLine(handle: FileHandle): Promise<void> {
  const { size } = await handle.stat()
  if (size === 0) return
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  if (buffer[0] !== LF) await handle.write('\n')
}

/** The entries as octets of whole lines, in blocks that the system writes at once. */
function* blocks(entries: readonly HistoryEntry[]): Generator<Buffer> {
  let lines = ''
  for (const entry of entries) {
    lines += line(entry)
    if (lines.length < writeCharacters) continue
    yield Buffer.from(lines)
    lines = ''
  }
  if (lines !== '') yield Buffer.from(lines)
}

/** Without the facts, or empty, where something is no JSON: a plugin's mistake in one entry costs no other. */
function line({ facts, ...entry }: HistoryEntry): string {
  for (const value of [{ ...entry, ...(facts === undefined ? {} : { facts }) }, entry]) {
    try {
      return `${JSON.stringify(value)}\n`
    } catch {}
  }
  return ''
}

function unreadable(name: string, error: unknown): UnavailableError {
  return new UnavailableError(`the history of ${name.slice(0, 10)} cannot be read`, { cause: error })
}

function segmentName(at: number): string {
  const time = Math.min(Math.max(0, at), latest)
  return `${new Date(time).toISOString().slice(0, 10)}.jsonl`
}
