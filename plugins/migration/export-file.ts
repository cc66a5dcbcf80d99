import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises'
import { UnavailableError } from 'mailwright'

/** A file that is written in one go, chunk by chunk. */
export interface ExportFile {
  readonly size: number
  write(chunk: Buffer | string): Promise<void>
  /** Forgets what was written beyond so many octets. */
  cut(size: number): Promise<void>
  /** Durable with that time of its last change, and closed. */
  finish(modifiedAt: Date | undefined): Promise<void>
  /** Closes and removes it. */
  abort(): Promise<void>
}

// What an earlier run has left behind is written over; nobody leads us elsewhere by a link.
const creating = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW

/** Makes a file under a name of ours, to be renamed when it is whole. MAIL_E_UNAVAILABLE, also at each write. */
export async function createFile(path: string): Promise<ExportFile> {
  const file = await guarded(path, () => open(path, creating, 0o600))
  return new WrittenFile(path, file)
}

/** Makes a directory and those above it. */
export async function createDirectory(path: string): Promise<void> {
  await guarded(path, () => mkdir(path, { recursive: true, mode: 0o700 }))
}

/** Runs something about a file, with its errors in our words. */
export async function guarded<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw new UnavailableError(`${path} cannot be written`, { cause: error })
    throw error
  }
}

class WrittenFile implements ExportFile {
  readonly #path: string
  readonly #file: FileHandle
  size = 0

  constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  async write(chunk: Buffer | string): Promise<void> {
    const octets = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    for (let written = 0; written < octets.length; ) {
      const place = this.size
      const { bytesWritten } = await guarded(this.#path, () =>
        this.#file.write(octets, written, octets.length - written, place),
      )
      written += bytesWritten
      this.size += bytesWritten
    }
  }

  async cut(size: number): Promise<void> {
    await guarded(this.#path, () => this.#file.truncate(size))
    this.size = size
  }

  async finish(modifiedAt: Date | undefined): Promise<void> {
    await guarded(this.#path, async () => {
      try {
        if (modifiedAt !== undefined) await this.#file.utimes(modifiedAt, modifiedAt)
        await this.#file.datasync()
      } finally {
        await this.#file.close()
      }
    })
  }

  async abort(): Promise<void> {
    await this.#file.close().catch(() => undefined)
    await unlink(this.#path).catch(() => undefined)
  }
}

/** Writes a small file whole. */
export async function replaceFile(path: string, content: Buffer | string): Promise<void> {
  const temporary = `${path}.new`
  const file = await createFile(temporary)
  try {
    await file.write(content)
    await file.finish(undefined)
    await guarded(path, () => rename(temporary, path))
  } catch (error) {
    await file.abort()
    throw error
  }
}
