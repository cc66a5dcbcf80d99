import type { LogSegment } from './segment.ts'

/** A message that is durable by the log, until its file is. */
export interface LogEntry {
  /** Of its mailbox now, absolute. */
  path: string
  readonly base: string
  /** Of its mailbox when it was written, from the store's root on. */
  readonly logged: string
  readonly segment: LogSegment
  /** When it was written, on the clock's monotonic scale. */
  readonly since: number
  /** Whether it is in its mailbox. */
  isPlaced: boolean
  /** Whether a sync has failed: then Linux may take for written what is not. */
  isDoubtful: boolean
  /** When it was last looked for in its mailbox and not seen, on the same scale. */
  missedAt?: number
}

/** Messages in the log, by their mailboxes; each counts in its segment. */
export class LogEntries {
  readonly #entries = new Map<string, LogEntry>()

  get size(): number {
    return this.#entries.size
  }

  all(): readonly LogEntry[] {
    return [...this.#entries.values()]
  }

  of(path: string, bases: readonly string[]): readonly LogEntry[] {
    return bases.flatMap((base) => this.#entries.get(keyOf(path, base)) ?? [])
  }

  in(path: string): readonly LogEntry[] {
    return this.all().filter((entry) => entry.path === path)
  }

  has(entry: LogEntry): boolean {
    return this.#entries.get(keyOf(entry.path, entry.base)) === entry
  }

  add(entry: LogEntry): void {
    this.#entries.set(keyOf(entry.path, entry.base), entry)
    entry.segment.live += 1
  }

  /** Its mailbox has another path. */
  move(entry: LogEntry, path: string): void {
    this.#entries.delete(keyOf(entry.path, entry.base))
    entry.path = path
    this.#entries.set(keyOf(path, entry.base), entry)
  }

  drop(entry: LogEntry): void {
    if (!this.has(entry)) return
    this.#entries.delete(keyOf(entry.path, entry.base))
    entry.segment.live -= 1
  }
}

function keyOf(path: string, base: string): string {
  return `${path}\0${base}`
}
