import { type FileHandle, open, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UnavailableError } from 'mailwright'
import { SharedRuns, syncFolder } from 'mailwright/disk'

/**
 * The write-ahead log of one SQLite connection, made durable in a thread of the file system while the process serves others: with
 * `synchronous=NORMAL` SQLite writes what is committed and leaves it to the system when the disk gets it.
 */
export class WriteAheadLog {
  readonly #database: string
  readonly #empty: () => boolean
  #handle: Promise<FileHandle> | undefined
  readonly #syncs: SharedRuns<void> = new SharedRuns(() => this.#sync())
  #hasFailed = false

  /** `empty` moves everything into the database's own file and makes it durable there; false where that cannot be now. */
  constructor(database: string, empty: () => boolean) {
    this.#database = database
    this.#empty = empty
  }

  /** Resolves when all that was committed before the call is durable. MAIL_E_UNAVAILABLE where the disk does not say so. */
  sync(): Promise<void> {
    return this.#syncs.run('')
  }

  /** Waits for a sync that is going on. */
  async close(): Promise<void> {
    const handle = await this.#handle?.catch(() => undefined)
    await handle?.close()
  }

  async #sync(): Promise<void> {
    try {
      if (this.#hasFailed) this.#recover()
      this.#handle ??= this.#open()
      await (await this.#handle).datasync()
    } catch (error) {
      this.#hasFailed = true
      throw new UnavailableError('the database cannot make durable what it has written', { cause: error })
    }
  }

  /** A sync that failed is not made good by the next one: Linux forgets what it could not write. The log's octets are still to be read. */
  #recover(): void {
    if (!this.#empty()) throw new Error('what was written before is not durable yet')
    this.#hasFailed = false
  }

  async #open(): Promise<FileHandle> {
    try {
      const file = await realpath(this.#database)
      const handle = await open(`${file}-wal`)
      // The log's own name, which it got with the first commit.
      await syncFolder(dirname(file))
      return handle
    } catch (error) {
      this.#handle = undefined
      throw error
    }
  }
}
