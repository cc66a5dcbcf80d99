import { join } from 'node:path'
import { UnavailableError } from 'mailwright'
import type { MaildirContext } from './context.ts'
import { isMissing } from './disk-errors.ts'
import { readSmallFile, replaceFile } from './durable-file.ts'
import type { FileStatus } from './file-system.ts'

/** A file of a value that is small, seldom changed, and always read and written whole. */
export interface JsonFileOptions<T> {
  readonly directory: string
  readonly name: string
  /** Where new files are written first. */
  readonly tmp: string
  /** Undefined for what is no such value. */
  parse(value: unknown): T | undefined
  /** What the value is where there is no file. */
  absent(): Promise<T>
}

/** Settings in JSON that several processes share. */
export class JsonFile<T> {
  readonly #context: MaildirContext
  readonly #options: JsonFileOptions<T>
  #known: { readonly value: T; readonly signature: string } | undefined

  constructor(context: MaildirContext, options: JsonFileOptions<T>) {
    this.#context = context
    this.#options = options
  }

  /** MAIL_E_UNAVAILABLE where the file is damaged: what was in it is not to be lost by writing over it. */
  async read(): Promise<T> {
    const path = join(this.#options.directory, this.#options.name)
    try {
      const status = await this.#context.files.lstat(path)
      if (this.#known?.signature === signatureOf(status)) return this.#known.value
      const { octets, status: read } = await readSmallFile(this.#context.files, path)
      const value = this.#options.parse(parseJson(octets))
      if (value === undefined) throw new UnavailableError(`${path} is damaged`)
      this.#known = { value, signature: signatureOf(read) }
      return value
    } catch (error) {
      if (!isMissing(error)) throw error
      return this.#options.absent()
    }
  }

  /** Changes the value durably, with no change of others in between. `undefined` leaves it as it is. */
  async change(make: (value: T) => T | undefined): Promise<void> {
    const { locks } = this.#context
    const { directory, name } = this.#options
    const lease = await locks.acquire(join(directory, `${name}.lock`))
    try {
      const before = await this.read()
      const value = make(before)
      if (value === undefined) return
      try {
        await this.#write(value)
      } catch (error) {
        await this.#restore(before)
        throw error
      }
    } finally {
      await lease.release()
    }
  }

  async #write(value: T): Promise<void> {
    const { files, directories, names } = this.#context
    const { directory, name, tmp } = this.#options
    this.#known = undefined
    const octets = Buffer.from(`${JSON.stringify(value)}\n`)
    const status = await replaceFile(files, directories, {
      directory,
      name,
      temporary: join(tmp, names()),
      octets,
    })
    this.#known = { value, signature: signatureOf(status) }
  }

  /** After a write that failed when the new file may have had its name already. */
  async #restore(value: T): Promise<void> {
    try {
      await this.#write(value)
    } catch (error) {
      this.#context.log.warn('unavailable', {
        file: join(this.#options.directory, this.#options.name),
        error,
      })
    }
  }
}

function parseJson(octets: Buffer): unknown {
  try {
    return JSON.parse(octets.toString())
  } catch {
    return undefined
  }
}

function signatureOf({ dev, ino, size, mtimeMs }: FileStatus): string {
  return `${dev}:${ino}:${size}:${mtimeMs}`
}
