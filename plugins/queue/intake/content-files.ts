import { constants, type FileHandle, open, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Content, fileContent, MailwrightError, UnavailableError } from 'mailwright'
import { SharedRuns, syncFolder, writeFully } from 'mailwright/disk'
import type { Measures } from '../tables/measures.ts'
import { type ContentFolder, folderAway } from './content-folder.ts'
import type { OpenContent } from './contents.ts'

/** Milliseconds after which a file that no message names is left over from a crash, and not from a moment ago. */
const leftOverAfter = 3_600_000

/** How a new file is opened: each of its writes may make its octets durable, so that one that has all needs no call after it. */
const written = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
const writtenAtOnce = written | constants.O_DSYNC

/** Contents that are too large for the table: one file each, named by the message's number. */
export class ContentFiles {
  readonly #folder: ContentFolder
  readonly #measures: Measures | undefined
  readonly #nameSyncs: SharedRuns<void> = new SharedRuns(syncFolder)
  readonly #doubtful = new Set<number>()

  constructor(folder: ContentFolder, measures?: Measures) {
    this.#folder = folder
    this.#measures = measures
  }

  /** Writes a file; it is durable when this resolves. MAIL_E_UNAVAILABLE; nothing is left then. */
  async write(number: number, content: Content | Buffer): Promise<void> {
    const ended = this.#measures?.file()
    try {
      await this.#folder.make()
      const flags = Buffer.isBuffer(content) ? writtenAtOnce : written
      const file = await open(this.#path(number), flags, 0o600)
      try {
        // Its name is there from now on: while that is made durable, its octets are.
        const named = this.#nameSyncs.run(this.#folder.path)
        await Promise.all([named, writeDurably(file, content)])
      } finally {
        // What is durable cannot be lost by that any more, so nobody waits for it.
        void file.close().catch(() => undefined)
      }
    } catch (error) {
      // What was there before is another message's: a database that was put back gives numbers again.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await this.remove(number)
      throw new UnavailableError('a message cannot be written to the queue', { cause: error })
    } finally {
      ended?.()
    }
  }

  /** MAIL_E_NOT_FOUND where the file is not there with all its octets, MAIL_E_UNAVAILABLE where it cannot be read. */
  async open(number: number, size: number): Promise<OpenContent> {
    let file: FileHandle | undefined
    const close = async (): Promise<void> => file?.close().catch(() => undefined)
    try {
      file = await open(this.#path(number))
      if ((await file.stat()).size !== size)
        throw new MailwrightError('MAIL_E_NOT_FOUND', `the content of message ${number} is not whole`)
      return { content: fileContent(file, size), close }
    } catch (error) {
      await close()
      if (error instanceof MailwrightError) throw error
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return this.#missing(number, error)
      throw new UnavailableError('a queued message cannot be read', { cause: error })
    }
  }

  async #missing(number: number, cause: unknown): Promise<never> {
    const isAway = await this.#folder.isAway().catch((error: unknown) => {
      throw new UnavailableError('a queued message cannot be read', { cause: error })
    })
    if (isAway) throw folderAway()
    throw new MailwrightError('MAIL_E_NOT_FOUND', `the content of message ${number} is not there`, { cause })
  }

  /** Never fails: what is left is found by {@link sweep}. */
  async remove(number: number): Promise<void> {
    await unlink(this.#path(number)).catch(() => undefined)
  }

  /** Nobody can say now whether a message is there for it; the next {@link sweep} can. */
  doubt(number: number): void {
    this.#doubtful.add(number)
  }

  /** Removes files that belong to no message; `known` tells which of some numbers have one. */
  async sweep(
    now: number,
    known: (numbers: readonly number[]) => Promise<ReadonlySet<number>>,
  ): Promise<void> {
    const old = [...this.#doubtful]
    for (const name of await this.#folder.files()) {
      const changed = (await stat(join(this.#folder.path, name)).catch(() => undefined))?.mtimeMs ?? now
      if (now - changed > leftOverAfter) old.push(Number(name))
    }
    const kept = await known(old)
    for (const number of old) {
      if (!kept.has(number)) await this.remove(number)
      this.#doubtful.delete(number)
    }
  }

  #path(number: number): string {
    return join(this.#folder.path, String(number))
  }
}

/** Into a new file that was opened for it. */
async function writeDurably(file: FileHandle, content: Content | Buffer): Promise<void> {
  if (Buffer.isBuffer(content)) return writeFully(file, content)
  for await (const chunk of content.stream()) await writeFully(file, chunk as Buffer)
  await file.datasync()
}
