import { constants } from 'node:fs'
import { SharedRuns } from 'mailwright/disk'
import type { FileSystem } from './file-system.ts'
import type { SyncTimes } from './sync-times.ts'

/**
 * Makes changes of directory entries durable. One fsync serves all who ask while the one before is still running, so
 * that twenty deliveries at the same time into one mailbox pay for two or three, not twenty.
 */
export class DirectorySync {
  readonly #syncs: SharedRuns<void>

  constructor(files: FileSystem, times: SyncTimes) {
    this.#syncs = new SharedRuns((path) => syncDirectory(files, times, path))
  }

  /** Resolves when every entry of the directory that was changed before the call is on the disk. */
  sync(path: string): Promise<void> {
    return this.#syncs.run(path)
  }
}

async function syncDirectory(files: FileSystem, times: SyncTimes, path: string): Promise<void> {
  const directory = await files.open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await times.timed('directory', () => directory.sync())
  } finally {
    void directory.close().catch(() => undefined)
  }
}
