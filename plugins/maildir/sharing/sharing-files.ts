import { join } from 'node:path'
import { Serial, UnavailableError } from 'mailwright'
import { isMissing, readSmallFile, systemCode, withStoreErrors } from 'mailwright/disk'
import type { NamedFiles } from 'mailwright/rights'
import type { MaildirContext } from '../context.ts'
import { directoryMode, replaceFile } from '../files/durable-file.ts'
import { isDirectory } from '../files/mailbox-directory.ts'
import { removeStaleFiles } from '../mailbox/stale-files.ts'

const draftsName = 'tmp'
const lockName = 'mailwright.lock'
const fileName = /^[a-z0-9.]{1,80}$/

/**
 * Small files that all accounts have together, in a directory beside the accounts' own. It is made when something is put
 * into it for the first time; new files are written in its `tmp`, which is made last: where it is, all above it is on the
 * disk.
 */
export class SharingFiles implements NamedFiles {
  readonly #context: MaildirContext
  readonly #root: string
  readonly #directory: string
  readonly #changes = new Serial()
  /** Nobody removes the directory again. */
  #exists = false

  /** The directory has this name below the root. */
  constructor(context: MaildirContext, root: string, name: string) {
    this.#context = context
    this.#root = root
    this.#directory = join(root, name)
  }

  isEmpty(): Promise<boolean> {
    return withStoreErrors('looking for access rights', async () => {
      this.#exists ||= await isDirectory(this.#context, this.#directory)
      return !this.#exists
    })
  }

  names(): Promise<readonly string[]> {
    return withStoreErrors('looking for access rights', async () => {
      try {
        const names = await this.#context.files.readdir(this.#directory)
        return names.filter(
          (name) => fileName.test(name) && name !== draftsName && !name.startsWith(lockName),
        )
      } catch (error) {
        if (isMissing(error)) return []
        throw error
      }
    })
  }

  read(name: string): Promise<Buffer | undefined> {
    return withStoreErrors('reading access rights', () => this.#read(name))
  }

  replace(name: string, octets: Buffer | undefined): Promise<void> {
    return withStoreErrors('changing access rights', async () => {
      const former = await this.#read(name)
      try {
        await this.#put(name, octets)
      } catch (error) {
        await this.#restore(name, former)
        throw error
      }
    })
  }

  alone<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#changes.run(() =>
      withStoreErrors('changing access rights', async () => {
        await this.#make()
        const lease = await this.#context.locks.acquire(join(this.#directory, lockName))
        try {
          return await work()
        } finally {
          await lease.release()
        }
      }),
    )
  }

  async #read(name: string): Promise<Buffer | undefined> {
    try {
      return (await readSmallFile(this.#context.files, join(this.#directory, name))).octets
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async #put(name: string, octets: Buffer | undefined): Promise<void> {
    const { files, directories, names } = this.#context
    const directory = this.#directory
    if (octets !== undefined) {
      const temporary = join(directory, draftsName, names())
      await replaceFile(files, directories, { directory, name, temporary, octets })
      return
    }
    try {
      await files.unlink(join(directory, name))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    await directories.sync(directory)
  }

  /** After a change that failed when it may have been visible already. */
  async #restore(name: string, octets: Buffer | undefined): Promise<void> {
    try {
      await this.#put(name, octets)
    } catch (error) {
      this.#context.log.warn('unavailable', { file: join(this.#directory, name), error })
    }
  }

  async #make(): Promise<void> {
    const { directories } = this.#context
    const drafts = join(this.#directory, draftsName)
    if ((await isDirectory(this.#context, this.#directory)) && (await isDirectory(this.#context, drafts)))
      return removeStaleFiles(this.#context, this.#directory)
    await this.#makeDirectory(this.#directory)
    await directories.sync(this.#root)
    await this.#makeDirectory(drafts)
    await directories.sync(this.#directory)
  }

  async #makeDirectory(path: string): Promise<void> {
    try {
      await this.#context.files.mkdir(path, { mode: directoryMode })
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
      if (!(await isDirectory(this.#context, path))) throw new UnavailableError(`${path} is not a directory`)
    }
  }
}
