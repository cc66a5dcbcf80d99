import { join } from 'node:path'
import type { MaildirContext } from './context.ts'
import { isMissing } from './disk-errors.ts'
import { readSmallFile, replaceFile } from './durable-file.ts'
import type { FileStatus } from './file-system.ts'
import { emptyUidList, formatUidList, parseUidList, type UidList, uidFileName } from './uid-list.ts'
import { nextUidValidity } from './uid-validity.ts'

const headerForm = /^mailwright-uids \d+ (\d{1,10}) /

/** The file `mailwright-uids` of one mailbox, read again only when it was replaced. */
export class UidFile {
  readonly #context: MaildirContext
  readonly #path: string
  readonly #root: string
  #list: UidList | undefined
  #signature = ''
  #lastValidity = 0
  #fault: 'missing' | 'damaged' = 'missing'

  /** `path` is the mailbox's directory, `root` the account's. */
  constructor(context: MaildirContext, path: string, root: string) {
    this.#context = context
    this.#path = path
    this.#root = root
  }

  /** The list as it stands, durable; undefined where there is none that can be trusted. */
  async load(): Promise<UidList | undefined> {
    const { files, directories } = this.#context
    const path = join(this.#path, uidFileName)
    try {
      if (signature(await files.lstat(path)) === this.#signature) return this.#list
      const { octets, status } = await readSmallFile(files, path)
      const list = parseUidList(octets)
      // Whoever wrote it may have died before the new entry was on the disk; nobody may see UIDs before that.
      await directories.sync(this.#path)
      this.#fault = 'damaged'
      if (list === undefined) this.#lastValidity = Math.max(this.#lastValidity, validityOfDamaged(octets))
      this.#remember(list, signature(status))
    } catch (error) {
      if (!isMissing(error)) throw error
      this.#fault = 'missing'
      this.#remember(undefined, '')
    }
    return this.#list
  }

  /**
   * A list for a mailbox that has none: higher UIDVALIDITY, no UIDs, not yet written. `wasRead` says that somebody has
   * read the mailbox before: then the list was lost, or the mailbox was another program's.
   */
  async create(wasRead: boolean): Promise<UidList> {
    const { log } = this.#context
    const uidValidity = await nextUidValidity(this.#context, this.#root, this.#lastValidity)
    const reason = `${this.#fault}: all messages get new UIDs`
    const facts = { file: join(this.#path, uidFileName), reason, uidValidity }
    if (this.#fault === 'damaged' || this.#lastValidity > 0) log.warn('store-repaired', facts)
    else if (wasRead) log.info('store-repaired', facts)
    return emptyUidList(uidValidity)
  }

  /**
   * Replaces the file. When this resolves, the list may be shown; where it fails, the one before stands. Only under the
   * mailbox's lock.
   */
  async write(list: UidList): Promise<void> {
    try {
      const status = await this.#replace(list)
      this.#remember(list, signature(status))
    } catch (error) {
      await this.#restore(list)
      throw error
    }
  }

  #replace(list: UidList): Promise<FileStatus> {
    const { files, directories, names } = this.#context
    return replaceFile(files, directories, {
      directory: this.#path,
      name: uidFileName,
      temporary: join(this.#path, 'tmp', names()),
      octets: formatUidList(list),
    })
  }

  /**
   * After a write that failed when the new file had its name already: the old content again. UIDs that somebody may
   * have read in between are not given again.
   */
  async #restore({ uidNext }: UidList): Promise<void> {
    const before = this.#list
    try {
      const status = await this.#context.files.lstat(join(this.#path, uidFileName))
      if (before !== undefined && signature(status) !== this.#signature)
        await this.#replace({ ...before, uidNext })
    } catch (error) {
      if (!isMissing(error)) this.#context.log.warn('unavailable', { mailbox: this.#path, error })
    }
  }

  #remember(list: UidList | undefined, ofFile: string): void {
    this.#list = list
    this.#signature = ofFile
    this.#lastValidity = Math.max(this.#lastValidity, list?.uidValidity ?? 0)
  }
}

// The file is never changed in place, so a new content has a new inode, or at least another time.
function signature(status: FileStatus): string {
  return `${status.dev}:${status.ino}:${status.size}:${status.mtimeMs}`
}

function validityOfDamaged(octets: Buffer): number {
  return Number(headerForm.exec(octets.subarray(0, 60).toString('latin1'))?.[1] ?? 0)
}
