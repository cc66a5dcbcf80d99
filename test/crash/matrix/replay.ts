import { readdir, readFile, readlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { plainWords, stringsOf, type TracedCall } from './trace.ts'
import type { TracedDisk, TracedFile } from './traced-disk.ts'

/** Calls that change files or names, or make them durable, and those that open and close them. */
export const replayedCalls: readonly string[] = [
  ...['openat', 'open', 'close', 'dup', 'dup2', 'dup3'],
  ...['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'ftruncate', 'truncate', 'fallocate'],
  ...['rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat', 'unlink', 'unlinkat'],
  ...['mkdir', 'mkdirat', 'rmdir', 'fsync', 'fdatasync', 'sync_file_range', 'copy_file_range'],
]

/** What is open under a number. */
interface OpenEntry {
  readonly target: TracedFile | string
  readonly append: boolean
  /** What is written is durable when the call ends (O_DSYNC). */
  readonly synced: boolean
  position: number
}

/** Calls that this does not know how to repeat; a program that makes them on its data needs more of this. */
const unknownCalls = /^(dup|dup2|dup3|truncate|fallocate|copy_file_range|pwritev2)$/

/** Does to a disk of a test what a process did to its own. */
export class Replay {
  readonly #disk: TracedDisk
  readonly #cwd: string
  readonly #open: Map<number, OpenEntry>
  /** What was written when a sync began: only that is durable when it ends. */
  readonly #syncs = new Map<string, { readonly entry: OpenEntry; readonly changes: number }>()

  private constructor(disk: TracedDisk, cwd: string, open: Map<number, OpenEntry>) {
    this.#disk = disk
    this.#cwd = cwd
    this.#open = open
  }

  /** For a process that has files open already. */
  static async of(pid: number, disk: TracedDisk, cwd: string): Promise<Replay> {
    const open = new Map<number, OpenEntry>()
    for (const name of await readdir(`/proc/${pid}/fd`)) {
      const path = await readlink(`/proc/${pid}/fd/${name}`).catch(() => '')
      const target = disk.entry(path)
      if (target === undefined) continue
      const info = await readFile(`/proc/${pid}/fdinfo/${name}`, 'latin1')
      const flags = Number.parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? '0', 8)
      const position = Number(/^pos:\s+(\d+)/m.exec(info)?.[1] ?? 0)
      open.set(Number(name), {
        target: target === 'folder' ? path : target,
        append: (flags & 0o2000) !== 0,
        synced: (flags & 0o10000) !== 0,
        position,
      })
    }
    return new Replay(disk, cwd, open)
  }

  /** Repeats a call. Throws for one that it does not know how to. */
  see(call: TracedCall): void {
    const { name, phase, words } = call
    if (phase === 'begins') {
      if (name === 'close') this.#open.delete(Number.parseInt(words, 10))
      if (name === 'fsync' || name === 'fdatasync') this.#beginSync(call)
      return
    }
    if ((call.result ?? -1) < 0) return
    if (unknownCalls.test(name)) this.#refuse(call)
    else if (name.startsWith('open')) this.#opened(call)
    else if (/write/.test(name) || name === 'ftruncate') this.#wrote(call)
    else if (name.endsWith('sync')) this.#endSync(call)
    else this.#named(call)
  }

  #refuse({ name, words }: TracedCall): void {
    const isOurs = this.#open.has(Number.parseInt(words, 10))
    if (isOurs) throw new Error(`${name} on a file of the data cannot be replayed`)
  }

  #path(octets: Buffer | undefined): string {
    return resolve(this.#cwd, octets?.toString() ?? '')
  }

  #isOurs(path: string): boolean {
    return path === this.#disk.root || path.startsWith(`${this.#disk.root}/`)
  }

  #opened({ words, result = -1 }: TracedCall): void {
    const path = this.#path(stringsOf(words)[0])
    if (!this.#isOurs(path)) return
    const how = { append: words.includes('O_APPEND'), synced: words.includes('O_DSYNC'), position: 0 }
    if (words.includes('O_TMPFILE')) {
      this.#open.set(result, { target: this.#disk.newFile(), ...how })
      return
    }
    let entry = this.#disk.entry(path)
    if (entry === undefined) {
      entry = this.#disk.newFile()
      this.#disk.name([path, entry])
    } else if (words.includes('O_TRUNC') && entry !== 'folder') entry.change({ offset: 0, data: undefined })
    this.#open.set(result, { target: entry === 'folder' ? path : entry, ...how })
  }

  #wrote({ name, words, result = 0 }: TracedCall): void {
    const plain = plainWords(words)
    const entry = this.#open.get(Number(plain[0]))
    if (entry === undefined || typeof entry.target === 'string') return
    if (name === 'ftruncate') {
      entry.target.change({ offset: Number(plain[1]), data: undefined })
      return
    }
    const data = Buffer.concat(stringsOf(words)).subarray(0, result)
    const isPlaced = name.startsWith('p')
    const offset = isPlaced ? Number(plain.at(-1)) : entry.append ? entry.target.visibleSize : entry.position
    if (!isPlaced) entry.position = offset + data.length
    entry.target.change({ offset, data })
    if (entry.synced) entry.target.sync(entry.target.changes)
  }

  #beginSync({ key, words }: TracedCall): void {
    const entry = this.#open.get(Number.parseInt(words, 10))
    if (entry === undefined) return
    const { target } = entry
    this.#syncs.set(key, { entry, changes: typeof target === 'string' ? this.#disk.changes : target.changes })
  }

  #endSync({ key }: TracedCall): void {
    const sync = this.#syncs.get(key)
    if (sync === undefined) return
    const { target } = sync.entry
    if (typeof target === 'string') this.#disk.syncFolder(target, sync.changes)
    else target.sync(sync.changes)
  }

  #named({ name, words }: TracedCall): void {
    const strings = stringsOf(words)
    const [from, to] = [this.#path(strings[0]), this.#path(strings[1])]
    if (name.startsWith('mkdir') && this.#isOurs(from)) this.#disk.name([from, 'folder'])
    else if (/^(unlink|rmdir)/.test(name) && this.#isOurs(from)) this.#disk.name([from, undefined])
    else if (name.startsWith('link') && this.#isOurs(to)) this.#disk.name([to, this.#source(from)])
    else if (name.startsWith('rename') && this.#isOurs(to)) {
      const entry = this.#source(from)
      if (entry === 'folder') throw new Error(`${dirname(to)}: renamed folders cannot be replayed`)
      this.#disk.name([from, undefined], [to, entry])
    }
  }

  /** What is given another name; that without a name comes by its number. */
  #source(path: string): TracedFile | 'folder' | undefined {
    const number = /^\/proc\/(?:self|\d+)\/fd\/(\d+)$/.exec(path)?.[1]
    if (number === undefined) return this.#disk.entry(path)
    const target = this.#open.get(Number(number))?.target
    return typeof target === 'string' ? 'folder' : target
  }
}
