import type { FileSystem, Watch } from './file-system.ts'

type Listener = (directory: string, entry: string) => void

interface Shared {
  readonly listeners: Set<Listener>
  readonly watch: Promise<Watch>
}

/** Directories that are watched, each once in this process however many ask for it. */
export class DirectoryWatches {
  readonly #files: FileSystem
  readonly #shared = new Map<string, Shared>()

  constructor(files: FileSystem) {
    this.#files = files
  }

  /** Calls back for each entry that changes, until the answered call ends it. */
  async add(directory: string, listener: Listener): Promise<() => void> {
    const shared = this.#shared.get(directory) ?? this.#start(directory)
    shared.listeners.add(listener)
    const end = (): void => {
      shared.listeners.delete(listener)
      if (shared.listeners.size > 0) return
      if (this.#shared.get(directory) === shared) this.#shared.delete(directory)
      shared.watch.then(
        (watch) => watch.close(),
        () => undefined,
      )
    }
    try {
      await shared.watch
    } catch (error) {
      end()
      throw error
    }
    return end
  }

  #start(directory: string): Shared {
    const listeners = new Set<Listener>()
    const watch = this.#files.watch(directory, (entry) => {
      for (const listener of [...listeners]) listener(directory, entry)
    })
    const shared = { listeners, watch }
    this.#shared.set(directory, shared)
    return shared
  }
}
