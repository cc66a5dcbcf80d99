import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rmdir, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { type DropFolder, ignore } from './drop-folder.ts'

// What the address of a socket has room for: 107 octets on Linux, 103 elsewhere.
const longestAddress = 103

/**
 * The files that this process has taken, in a folder of its own, so that no other process takes them. While the process lives it listens
 * at a socket beside the folder: where nobody answers the process has ended, and its files are the others' to take.
 * That is true whatever clocks say, and in other containers of the machine too.
 */
export class TakenFiles {
  readonly #drop: DropFolder
  readonly #id: string
  readonly #server: Server = createServer((socket) => socket.destroy())

  constructor(drop: DropFolder) {
    this.#drop = drop
    this.#id = `${process.pid}-${randomBytes(6).toString('hex')}`
  }

  get #folder(): string {
    return join(this.#drop.taken, this.#id)
  }

  path(name: string): string {
    return join(this.#folder, name)
  }

  /** Who lives listens first: a folder without a socket is nobody's. */
  async open(): Promise<void> {
    await reach(this.#drop.taken, `${this.#id}.alive`, async (path) => {
      // Of several workers each is a process of its own here.
      this.#server.listen({ path, exclusive: true })
      await once(this.#server, 'listening')
    })
    this.#server.unref()
    await mkdir(this.#folder, { mode: 0o700 })
  }

  /** False where another process was faster. */
  async take(name: string): Promise<boolean> {
    const taken = await rename(join(this.#drop.path, name), this.path(name)).then(
      () => true,
      ignore('ENOENT'),
    )
    return taken === true
  }

  /** For another process, or this one later. */
  async giveBack(name: string): Promise<void> {
    await rename(this.path(name), join(this.#drop.path, name))
  }

  /** Gives back what processes have taken that have ended. Answers how many files. */
  async takeOver(): Promise<number> {
    const entries = await readdir(this.#drop.taken)
    const owners = new Set(entries.map((entry) => entry.replace(/\.alive$/, '')))
    owners.delete(this.#id)
    let files = 0
    for (const owner of owners) if (!(await this.#isAlive(owner))) files += await this.#bury(owner)
    return files
  }

  async #isAlive(owner: string): Promise<boolean> {
    return reach(this.#drop.taken, `${owner}.alive`, async (path) => {
      const socket = connect({ path })
      try {
        await once(socket, 'connect')
        return true
      } catch (error) {
        // Whatever else fails says nothing about the other process.
        return !['ENOENT', 'ECONNREFUSED'].includes((error as NodeJS.ErrnoException).code ?? '')
      } finally {
        socket.destroy()
      }
    })
  }

  async #bury(owner: string): Promise<number> {
    const folder = join(this.#drop.taken, owner)
    const names = (await readdir(folder).catch(ignore('ENOENT'))) ?? []
    for (const name of names)
      await rename(join(folder, name), join(this.#drop.path, name)).catch(ignore('ENOENT'))
    await rmdir(folder).catch(ignore('ENOENT', 'ENOTEMPTY'))
    await unlink(join(this.#drop.taken, `${owner}.alive`)).catch(ignore('ENOENT'))
    return names.length
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    const names = (await readdir(this.#folder).catch(ignore('ENOENT'))) ?? []
    for (const name of names) await this.giveBack(name)
    await rmdir(this.#folder).catch(ignore('ENOENT'))
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
    await unlink(join(this.#drop.taken, `${this.#id}.alive`)).catch(ignore('ENOENT'))
  }
}

/** Gives the path of a socket; a long one by way of its folder's descriptor, which Linux has. */
async function reach<T>(folder: string, name: string, run: (path: string) => Promise<T>): Promise<T> {
  const path = join(folder, name)
  if (Buffer.byteLength(path) <= longestAddress || process.platform !== 'linux') return run(path)
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    return await run(`/proc/self/fd/${handle.fd}/${name}`)
  } finally {
    await handle.close()
  }
}
