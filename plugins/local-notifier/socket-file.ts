import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { connect, type Server, type Socket } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { type Clock, MailwrightError } from 'mailwright'

// What the address of a socket has room for: 107 octets on Linux, 103 elsewhere.
const longestAddress = 103
// A lock is held for the blink of an eye. One that stays was left by a process that was killed.
const lockTime = 1_000

/** What a file is, beyond its name: another file never has the same. */
export type FileIdentity = string

/**
 * The file of the socket at which processes meet. A socket appears under its name only when somebody listens at it, so
 * that one where nobody answers belongs to a process that has ended, and may be replaced.
 */
export class SocketFile {
  readonly #path: string
  readonly #folder: string
  readonly #clock: Clock
  #lockSeen: { readonly identity: FileIdentity | undefined; readonly at: number } = {
    identity: undefined,
    at: 0,
  }

  constructor(path: string, clock: Clock) {
    this.#path = path
    this.#folder = dirname(path)
    this.#clock = clock
  }

  /** What stands there now. MAIL_E_INVALID for what is no socket, or one that others than its owner could reach. */
  identity(): FileIdentity | undefined {
    if (!this.#isPrivate()) return undefined
    const stats = lstatSync(this.#path, { bigint: true, throwIfNoEntry: false })
    if (stats !== undefined && !stats.isSocket())
      throw new MailwrightError('MAIL_E_INVALID', `${this.#path} is there already, and is no socket`)
    return identify(stats)
  }

  /** Undefined where nobody listens. */
  async connect(): Promise<Socket | undefined> {
    if (!this.#isPrivate()) return undefined
    return this.#reach(basename(this.#path), async (address) => {
      const socket = connect({ path: address })
      // An error is followed by the end of the socket, which tells enough.
      socket.on('error', () => undefined)
      try {
        await once(socket, 'connect')
        return socket
      } catch (error) {
        if (error instanceof Error && /^(ENOENT|ECONNREFUSED)$/.test(codeOf(error))) return undefined
        throw error
      }
    })
  }

  /**
   * Lets a server listen there if still what was `seen` stands there, where nobody had answered. Answers the new file's
   * identity; undefined where another process was faster.
   */
  async listen(server: Server, seen: FileIdentity | undefined): Promise<FileIdentity | undefined> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    this.#isPrivate()
    const name = `${basename(this.#path)}.${process.pid}-${randomBytes(4).toString('hex')}`
    const file = join(this.#folder, name)
    try {
      await this.#reach(name, async (address) => {
        // Of several workers each is a process of its own here: none of them listens for another one.
        server.listen({ path: address, exclusive: true })
        await once(server, 'listening')
      })
      chmodSync(file, 0o600)
      return this.#replace(seen, file)
    } finally {
      rmSync(file, { force: true })
    }
  }

  /** Calls of one go, so that nothing else of this process makes the lock last. */
  #replace(seen: FileIdentity | undefined, file: string): FileIdentity | undefined {
    const lock = `${this.#path}.lock`
    if (!this.#take(lock)) return undefined
    try {
      if (this.identity() !== seen) return undefined
      renameSync(file, this.#path)
      return this.identity()
    } finally {
      rmSync(lock, { force: true })
    }
  }

  #take(lock: string): boolean {
    try {
      closeSync(openSync(lock, 'wx', 0o600))
      return true
    } catch (error) {
      if (!(error instanceof Error) || codeOf(error) !== 'EEXIST') throw error
    }
    const identity = identify(lstatSync(lock, { bigint: true, throwIfNoEntry: false }))
    const now = this.#clock.monotonic()
    if (identity === undefined) return false
    if (this.#lockSeen.identity !== identity) this.#lockSeen = { identity, at: now }
    if (now - this.#lockSeen.at > lockTime) rmSync(lock, { force: true })
    return false
  }

  /** Node.js cannot ask who is at the other end, so only the owner may get there. False where there is no folder. */
  #isPrivate(): boolean {
    const stats = statSync(this.#folder, { throwIfNoEntry: false })
    if (stats === undefined) return false
    const self = process.geteuid?.()
    const isOwn = self === undefined || self === 0 || stats.uid === self
    if (stats.isDirectory() && isOwn && (stats.mode & 0o077) === 0) return true
    const problem = 'must be a folder of the user who runs this, closed to all others (mode 0700)'
    throw new MailwrightError('MAIL_E_INVALID', `${this.#folder} ${problem}`)
  }

  /** Gives a file's path as the address of a socket: a long one by way of its folder's descriptor. */
  async #reach<T>(name: string, run: (address: string) => Promise<T>): Promise<T> {
    const path = join(this.#folder, name)
    if (Buffer.byteLength(path) <= longestAddress) return run(path)
    if (process.platform !== 'linux')
      throw new MailwrightError('MAIL_E_INVALID', `${path} is longer than ${longestAddress} octets`)
    const folder = openSync(this.#folder, constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      return await run(`/proc/self/fd/${folder}/${name}`)
    } finally {
      closeSync(folder)
    }
  }
}

function identify(stats: BigIntStats | undefined): FileIdentity | undefined {
  // An inode's number is used again, in another moment.
  return stats === undefined ? undefined : `${stats.dev} ${stats.ino} ${stats.mtimeNs}`
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? ''
}
