import { join } from 'node:path'
import { UnavailableError } from 'mailwright'
import { isMissing, readSmallFile } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { replaceFile } from './durable-file.ts'
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

  get name(): string {
    return this.#options.name
  }

  /** MAIL_E_UNAVAILABLE where the file is damaged: what was in it is not to be lost by writing over it. */
  async read(): Promise<T> {
    const path = this.#path
    try {
      if (this.#known !== undefined) {
        const status = await this.#context.looks.ask(path)
        if (this.#known?.signature === signatureOf(status)) return this.#known.value
      }
      const { octets, status: read } = await this.#octets()
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
    const lease = await this.#context.locks.acquire(`${this.#path}.lock`)
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

  /** Whether there is a file that does not say what the value is. */
  async isDamaged(): Promise<boolean> {
    try {
      const { octets } = await readSmallFile(this.#context.files, this.#path)
      return this.#options.parse(parseJson(octets)) === undefined
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  /** Gives the file another name where it is damaged, so that the value is what it is without one. */
  async putAside(): Promise<void> {
    const { files, locks, directories } = this.#context
    const lease = await locks.acquire(`${this.#path}.lock`)
    try {
      if (!(await this.isDamaged())) return
      await files.rename(this.#path, `${this.#path}.damaged`)
      await directories.sync(this.#options.directory)
    } finally {
      await lease.release()
    }
  }

  /** Most are small and can be read together with others. */
  async #octets(): Promise<{ readonly octets: Buffer; readonly status: FileStatus }> {
    const { octets, status } = await this.#context.reads.ask(this.#path)
    return octets === undefined ? readSmallFile(this.#context.files, this.#path) : { octets, status }
  }

  get #path(): string {
    return join(this.#options.directory, this.#options.name)
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
        file: this.#path,
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
