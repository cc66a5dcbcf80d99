import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type DropFolder, ignore } from './drop-folder.ts'

// A message is given up long before.
const forgottenAfter = 60 * 24 * 3_600_000

/**
 * Which recipients of a message have been answered for good, so that a message that is tried again for some goes to nobody twice. In a
 * file beside the message, since another process may try it next.
 */
export class SettledRecipients {
  readonly #folder: string

  constructor({ settled }: DropFolder) {
    this.#folder = settled
  }

  /** Positions in the envelope's list. */
  async read(name: string): Promise<ReadonlySet<number>> {
    const text = await readFile(join(this.#folder, name), 'utf8').catch(ignore('ENOENT'))
    if (text === undefined) return new Set()
    return new Set(
      text
        .split(' ')
        .filter((word) => /^\d+$/.test(word))
        .map(Number),
    )
  }

  /** Resolves when it is durable. */
  async write(name: string, settled: ReadonlySet<number>): Promise<void> {
    const path = join(this.#folder, name)
    const file = await open(`${path}.new`, 'w', 0o600)
    try {
      await file.writeFile([...settled].join(' '))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
    await this.#sync()
  }

  async #sync(): Promise<void> {
    const folder = await open(this.#folder, 'r')
    await folder.sync().finally(() => folder.close())
  }

  async forget(name: string): Promise<void> {
    await unlink(join(this.#folder, name)).catch(ignore('ENOENT'))
  }

  /** Removes what a crash has left of messages that are gone. `now`: milliseconds since 1970. */
  async removeStale(now: number): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name)
      const stats = await stat(path).catch(ignore('ENOENT'))
      if (stats !== undefined && now - stats.mtimeMs > forgottenAfter)
        await unlink(path).catch(ignore('ENOENT'))
    }
  }
}
