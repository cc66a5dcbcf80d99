import { type FSWatcher, watch } from 'node:fs'
import type { Clock, Timer } from 'mailwright'

// Key and chain are replaced one after the other.
const settleTime = 500

/** Calls back a moment after something changed in one of the folders. */
export class FolderWatch {
  readonly #clock: Clock
  readonly #changed: () => void
  #watchers: readonly FSWatcher[] = []
  #timer: Timer | undefined

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  /** Folders that cannot be watched are left to the regular look; `unwatched` is told of them. */
  start(folders: readonly string[], unwatched: (folder: string, error: unknown) => void): void {
    this.#watchers = folders.flatMap((folder) => {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#settle())
        watcher.on('error', (error) => unwatched(folder, error))
        return [watcher]
      } catch (error) {
        unwatched(folder, error)
        return []
      }
    })
  }

  stop(): void {
    this.#timer?.cancel()
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
  }

  #settle(): void {
    this.#timer?.cancel()
    this.#timer = this.#clock.after(settleTime, this.#changed)
  }
}
