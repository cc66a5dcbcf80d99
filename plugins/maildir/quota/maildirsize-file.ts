import { constants } from 'node:fs'
import { join } from 'node:path'
import { isMissing, readFully, writeFully } from 'mailwright/disk'
import { openNew, openToRead } from '../files/durable-file.ts'
import type { FileSystem } from '../files/file-system.ts'
import type { NameSource } from '../files/unique-name.ts'
import {
  addSums,
  formatMaildirSize,
  formatMaildirSizeEntry,
  isFresh,
  isOver,
  maildirSizeLimit,
  noSums,
  parseMaildirSize,
  type QuotaLimits,
  type QuotaSums,
} from './maildirsize.ts'

export const maildirSizeName = 'maildirsize'

const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK

export interface MaildirSizeQuestion {
  /** The limits that hold, where they are known from elsewhere; else those in the file do. */
  readonly limits?: QuotaLimits
  /** What is to be put into the Maildir. */
  readonly coming?: QuotaSums
}

export interface MaildirSizeAnswer {
  /** The limits that hold. */
  readonly limits: QuotaLimits
  /**
   * What is there; undefined where all has to be counted anew and given to `recalculate`, before anything is refused:
   * where the sums cannot be trusted, where they were written for other limits, and where with what is coming there
   * would be too much but the sums are not fresh.
   */
  readonly sums: QuotaSums | undefined
}

/**
 * The file `maildirsize` in an account's Maildir, which Courier, maildrop and Dovecot share: what lies in all its
 * mailboxes, without looking at them. It takes no lock and is never flushed: whoever finds it wrong counts anew.
 * Errors are the system's own.
 */
export class MaildirSize {
  readonly #files: FileSystem
  readonly #root: string
  readonly #names: NameSource

  constructor(files: FileSystem, root: string, names: NameSource) {
    this.#files = files
    this.#root = root
    this.#names = names
  }

  /** Undefined where there is no such file, or one that tells no limits. `now` is milliseconds since 1970. */
  async read(now: number, question: MaildirSizeQuestion = {}): Promise<MaildirSizeAnswer | undefined> {
    const found = await this.#load()
    const sizes = found === undefined ? undefined : parseMaildirSize(found.octets)
    if (found === undefined || sizes === undefined) return undefined
    const { limits = sizes.limits, coming = noSums } = question
    const { sums } = sizes
    if (sums === undefined || !isSame(sizes.limits, limits)) return { limits, sums: undefined }
    const isRefused = isOver(addSums(sums, coming), limits)
    return { limits, sums: isRefused && !isFresh(sizes, found.modified, now) ? undefined : sums }
  }

  /**
   * Adds a line for what came or went. Does nothing where there is no such file, or one that nobody reads any more because
   * it has grown too long; a function is only asked where there is.
   */
  async add(came: QuotaSums | (() => QuotaSums | Promise<QuotaSums>)): Promise<void> {
    try {
      const file = await this.#files.open(this.#path, appending)
      try {
        // Systems other than Linux heed the position although the file was opened to append.
        const { size } = await file.stat()
        if (size >= maildirSizeLimit) return
        const change = typeof came === 'function' ? await came() : came
        if (change.bytes !== 0 || change.messages !== 0)
          await writeFully(file, formatMaildirSizeEntry(change), size)
      } finally {
        await file.close()
      }
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  /**
   * Replaces the file by sums that were counted. What others added while they were counted is lost, so `isSure` is to
   * say whether no directory changed meanwhile: where it is false nothing is refused by these sums.
   */
  async recalculate(limits: QuotaLimits, sums: QuotaSums, isSure: boolean = true): Promise<void> {
    const temporary = join(this.#root, 'tmp', this.#names())
    try {
      const file = await openNew(this.#files, temporary)
      try {
        await writeFully(file, formatMaildirSize(limits, sums, isSure), 0)
      } finally {
        await file.close()
      }
      await this.#files.rename(temporary, this.#path)
    } catch (error) {
      await this.#files.unlink(temporary).catch(() => undefined)
      throw error
    }
  }

  /** Whoever looks for it next counts anew. */
  async remove(): Promise<void> {
    try {
      await this.#files.unlink(this.#path)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  async #load(): Promise<{ readonly octets: Buffer; readonly modified: number } | undefined> {
    try {
      const file = await openToRead(this.#files, this.#path)
      try {
        const octets = await readFully(file, maildirSizeLimit, 0)
        return { octets, modified: (await file.stat()).mtimeMs }
      } finally {
        await file.close()
      }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  get #path(): string {
    return join(this.#root, maildirSizeName)
  }
}

function isSame(a: QuotaLimits, b: QuotaLimits): boolean {
  return a.bytes === b.bytes && a.messages === b.messages
}
