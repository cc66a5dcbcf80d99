import { createWriteStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Content, errorCode, fileContent, MailwrightError, readAll, UnavailableError } from 'mailwright'

/** Messages up to so many octets are kept in the table; larger ones would hold the database up. */
export const largestInTable = 65_536

/** Milliseconds after which a file that no message names is left over from a crash, and not from a moment ago. */
const leftOverAfter = 3_600_000

/** The octets of a message that waits, opened for an attempt. */
export interface OpenContent {
  readonly content: Content
  close(): Promise<void>
}

/** Contents that are too large for the table: one file each, named by the message's number. */
export class ContentFiles {
  readonly #folder: string
  #made: Promise<unknown> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Writes a file; it is durable when this resolves. MAIL_E_UNAVAILABLE; nothing is left then. */
  async write(number: number, content: Content): Promise<void> {
    const path = this.#path(number)
    try {
      this.#made ??= mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await this.#made
      await pipeline(content.stream(), createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }))
      await syncFolder(this.#folder)
    } catch (error) {
      this.#made = undefined
      await this.remove(number)
      throw new UnavailableError('a message cannot be written to the queue', { cause: error })
    }
  }

  /** MAIL_E_NOT_FOUND where the file is not there, MAIL_E_UNAVAILABLE where it cannot be read. */
  async open(number: number): Promise<OpenContent> {
    let file: FileHandle
    try {
      file = await open(this.#path(number))
    } catch (error) {
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
      throw isGone
        ? new MailwrightError('MAIL_E_NOT_FOUND', `the content of message ${number} is not there`, {
            cause: error,
          })
        : new UnavailableError('a queued message cannot be read', { cause: error })
    }
    const { size } = await file.stat()
    return { content: fileContent(file, size), close: () => file.close() }
  }

  /** Never fails: what is left is found by {@link sweep}. */
  async remove(number: number): Promise<void> {
    await unlink(this.#path(number)).catch(() => undefined)
  }

  /** Removes files that belong to no message; `known` tells which of some numbers have one. */
  async sweep(
    now: number,
    known: (numbers: readonly number[]) => Promise<ReadonlySet<number>>,
  ): Promise<void> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => /^\d{1,16}$/.test(name))
    const old: number[] = []
    for (const name of names) {
      const changed = (await stat(join(this.#folder, name)).catch(() => undefined))?.mtimeMs ?? now
      if (now - changed > leftOverAfter) old.push(Number(name))
    }
    const kept = await known(old)
    for (const number of old) if (!kept.has(number)) await this.remove(number)
  }

  #path(number: number): string {
    return join(this.#folder, String(number))
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The octets of a small message. MAIL_E_UNAVAILABLE. */
export async function smallOctets(content: Content): Promise<Buffer | undefined> {
  return content.size <= largestInTable ? await readAll(content) : undefined
}

/** Whether an attempt can never work, since what was to be delivered is not there any more. */
export function isGone(error: unknown): boolean {
  return errorCode(error) === 'MAIL_E_NOT_FOUND'
}
