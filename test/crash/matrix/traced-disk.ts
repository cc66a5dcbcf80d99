import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Random } from '../../generator/random.ts'

/** Octets of a file: what a power cut leaves, and what was written since the last sync. */
class TracedFile {
  #durable: Buffer
  #size: number
  /** As every process sees it. */
  visibleSize: number
  #pending: Write[] = []
  #synced = 0

  constructor(content: Buffer = Buffer.alloc(0)) {
    this.#durable = content
    this.#size = content.length
    this.visibleSize = content.length
  }

  /** Writes, or cuts off where there is no data. Answers nothing: it counts when it is synced. */
  change(write: Write): void {
    this.#pending.push(write)
    this.visibleSize =
      write.data === undefined ? write.offset : Math.max(this.visibleSize, write.offset + write.data.length)
  }

  /** How often it was written to. */
  get changes(): number {
    return this.#synced + this.#pending.length
  }

  /** The first so many changes come over a power cut from now on. */
  sync(changes: number): void {
    const now = this.#pending.splice(0, Math.max(0, changes - this.#synced))
    this.#synced += now.length
    for (const write of now) this.#apply(write)
  }

  /** What a power cut leaves: what was synced, and what the disk happened to have written beyond that. */
  afterCut(luck: Random | undefined): Buffer {
    const copy = new TracedFile(Buffer.from(this.#durable.subarray(0, this.#size)))
    for (const write of this.#pending) if (luck?.chance(0.5) === true) copy.#apply(write)
    return copy.#durable.subarray(0, copy.#size)
  }

  #apply({ offset, data }: Write): void {
    if (data === undefined) {
      this.#durable.fill(0, offset, this.#size)
      this.#size = offset
      return
    }
    const end = offset + data.length
    if (end > this.#durable.length) {
      const larger = Buffer.alloc(end * 2)
      this.#durable.copy(larger, 0, 0, this.#size)
      this.#durable = larger
    }
    data.copy(this.#durable, offset)
    this.#size = Math.max(this.#size, end)
  }
}

export type { TracedFile }

interface Write {
  readonly offset: number
  /** Undefined: the file is cut off there. */
  readonly data: Buffer | undefined
}

/** What has a name: a file, or a folder. */
type Entry = TracedFile | 'folder'
type Names = Map<string, Entry>

/** A change of names that was made and is not synced; all of it comes over a power cut or nothing. */
interface NameChange {
  /** Higher than those of earlier ones. */
  readonly number: number
  readonly folders: readonly string[]
  readonly names: readonly (readonly [string, Entry | undefined])[]
}

/**
 * The files of a folder as a program has written and synced them, by the letter of POSIX: a file's octets are durable after its fsync, its
 * name after that of the folder. Real file systems are kinder; whoever loses nothing here loses nothing there.
 */
export class TracedDisk {
  readonly #root: string
  readonly #visible: Names
  readonly #durable: Names
  #pending: NameChange[] = []
  #changes = 0

  private constructor(root: string, names: Names) {
    this.#root = root
    this.#visible = new Map(names)
    this.#durable = names
  }

  /** All that lies in `copy` is durable, under the paths that it has in `root`. */
  static async from(copy: string, root: string): Promise<TracedDisk> {
    const names: Names = new Map([[root, 'folder']])
    for (const entry of await readdir(copy, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const name = join(root, relative(copy, path))
      if (entry.isDirectory()) names.set(name, 'folder')
      else if (entry.isFile()) names.set(name, new TracedFile(await readFile(path)))
    }
    return new TracedDisk(root, names)
  }

  get root(): string {
    return this.#root
  }

  entry(path: string): Entry | undefined {
    return this.#visible.get(path)
  }

  /** A file without a name yet. */
  newFile(): TracedFile {
    return new TracedFile()
  }

  /** Gives names, or takes them away, in one step. */
  name(...names: readonly (readonly [string, Entry | undefined])[]): void {
    for (const [path, entry] of names) set(this.#visible, path, entry)
    this.#pending.push({ number: this.#changes++, names, folders: names.map(([path]) => dirname(path)) })
  }

  /** How often names have changed. */
  get changes(): number {
    return this.#changes
  }

  /** The names in a folder come over a power cut from now on: those of the first so many changes. */
  syncFolder(folder: string, changes: number): void {
    const isSynced = ({ number, folders }: NameChange): boolean =>
      number < changes && folders.includes(folder)
    for (const change of this.#pending) if (isSynced(change)) this.#apply(this.#durable, change)
    this.#pending = this.#pending.filter((change) => !isSynced(change))
  }

  /** Writes what a power cut leaves into an empty folder. Without luck it is nothing but what was synced. */
  async cut(to: string, luck?: Random): Promise<void> {
    const names: Names = new Map(this.#durable)
    // Journals write changes of names in their order.
    const lucky = luck === undefined ? 0 : luck.below(this.#pending.length + 1)
    for (const change of this.#pending.slice(0, lucky)) this.#apply(names, change)
    const paths = [...names].map(([path, entry]) => [join(to, relative(this.#root, path)), entry] as const)
    for (const [path, entry] of paths)
      if (entry === 'folder') await mkdir(path, { recursive: true, mode: 0o700 })
    for (const [path, entry] of paths) {
      if (entry === 'folder') continue
      // A file whose folder was never synced is out of reach.
      if (names.has(join(this.#root, relative(to, dirname(path)))))
        await writeFile(path, entry.afterCut(luck))
    }
  }

  #apply(names: Names, change: NameChange): void {
    for (const [path, entry] of change.names) set(names, path, entry)
  }
}

function set(names: Names, path: string, entry: Entry | undefined): void {
  if (entry === undefined) names.delete(path)
  else names.set(path, entry)
}
