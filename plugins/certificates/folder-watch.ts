import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Clock, Timer } from 'mailwright'

// Key and chain are replaced one after the other.
const settleTime = 500

/**
 * Calls back a moment after something changed in one of the folders. A watch is of the folder that a path led to when it
 * began: so those above are watched, too, for another folder or link that takes its place.
 */
export class FolderWatch {
  readonly #clock: Clock
  readonly #changed: () => void
  readonly #unwatched = new Set<string>()
  #folders: readonly string[] = []
  #tell: (folder: string, error: unknown) => void = () => undefined
  #watchers: readonly FSWatcher[] = []
  #timer: Timer | undefined

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  /** Folders that cannot be watched are left to the regular look; `unwatched` is told of them, once. */
  start(folders: readonly string[], unwatched: (folder: string, error: unknown) => void): void {
    this.#folders = folders
    this.#tell = unwatched
    this.renew()
  }

  /** Watches what the paths lead to now. */
  renew(): void {
    this.#close()
    const above = new Set(this.#folders.flatMap(pathsTo))
    this.#watchers = [
      ...this.#folders.flatMap((folder) => this.#watch(folder)),
      ...[...above].flatMap((path) => this.#watchEntry(path)),
    ]
  }

  stop(): void {
    this.#timer?.cancel()
    this.#close()
    this.#folders = []
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

/** A folder and those above it, without the root. */
function pathsTo(folder: string): readonly string[] {
  const above = dirname(folder)
  return above === folder ? [] : [folder, ...pathsTo(above)]
}
