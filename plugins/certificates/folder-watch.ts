import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Clock, Timer } from 'mailwright'
import { passedEntries } from './passed-entries.ts'

// Key and chain are replaced one after the other.
const settleTime = 500

/**
 * Calls back a moment after something changed in one of the files' folders. A watch is of the folder that a path led to when
 * it began: so all that is passed on the way to a file is watched, too, for another folder or link that takes its place.
 */
export class FolderWatch {
  readonly #clock: Clock
  readonly #changed: () => void
  readonly #unwatched = new Set<string>()
  #files: readonly string[] = []
  #tell: (folder: string, error: unknown) => void = () => undefined
  #watchers: readonly FSWatcher[] = []
  #timer: Timer | undefined

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  /** Folders that cannot be watched are left to the regular look; `unwatched` is told of them, once. */
  start(files: readonly string[], unwatched: (folder: string, error: unknown) => void): void {
    this.#files = files
    this.#tell = unwatched
    this.renew()
  }

  /** Watches what the paths lead to now. */
  renew(): void {
    this.#close()
    const folders = new Set(this.#files.map((file) => dirname(file)))
    const passed = new Set(this.#files.flatMap(passedEntries))
    this.#watchers = [
      ...[...folders].flatMap((folder) => this.#watch(folder)),
      ...[...passed].flatMap((path) => this.#watchEntry(path)),
    ]
  }

  stop(): void {
    this.#timer?.cancel()
    this.#close()
    this.#files = []
  }

  #close(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
  }

  #watch(folder: string): readonly FSWatcher[] {
    const failed = (error: unknown): void => {
      if (!this.#unwatched.has(folder)) this.#tell(folder, error)
      this.#unwatched.add(folder)
    }
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#settle())
      watcher.on('error', failed)
      this.#unwatched.delete(folder)
      return [watcher]
    } catch (error) {
      failed(error)
      return []
    }
  }

  /** One name in the folder above it. Where that may not be read there is the regular look. */
  #watchEntry(path: string): readonly FSWatcher[] {
    const name = basename(path)
    try {
      const watcher = watch(dirname(path), { persistent: false }, (_event, entry) => {
        if (entry === null || entry === name) this.#settle()
      })
      watcher.on('error', () => undefined)
      return [watcher]
    } catch {
      return []
    }
  }

  #settle(): void {
    this.#timer?.cancel()
    this.#timer = this.#clock.after(settleTime, () => {
      this.renew()
      this.#changed()
    })
  }
}
