import { crc32 } from 'node:zlib'
import { writeFully } from 'mailwright/disk'
import type { MboxContext } from './context.ts'
import { openNew, readRange } from './durable-file.ts'
import type { OpenFile } from './file-system.ts'
import { type MailboxPlace, spoolName } from './mailbox-files.ts'

/** A change of a mailbox's file: all that is in it from one place on is replaced. */
export interface TailChange {
  /** `append` where only something is put behind what is there. */
  readonly kind: 'append' | 'rewrite'
  /** Which file. */
  readonly dev: number
  readonly ino: number
  /** Where the replaced part begins; it is the end of the file for an append. */
  readonly from: number
  readonly oldSize: number
  readonly newSize: number
}

/** The octets that are kept for the description of the change, before those of the new part. */
export const tailHeaderSize = 256

const form = /^mailwright-mbox-tail 1 (append|rewrite) (\d+) (\d+) (\d+) (\d+) (\d+) ([0-9a-f]{8})\n/
const bufferSize = 1024 * 1024

/** Describes a change. */
export function formatTailChange({ kind, dev, ino, from, oldSize, newSize }: TailChange): Buffer {
  const text = `mailwright-mbox-tail 1 ${kind} ${dev} ${ino} ${from} ${oldSize} ${newSize}`
  const sum = crc32(text).toString(16).padStart(8, '0')
  return Buffer.from(`${text} ${sum}\n`.padEnd(tailHeaderSize))
}

/** Reads such a description; undefined where it is none, or where the new part is not all there. */
export async function readTailChange(file: OpenFile): Promise<TailChange | undefined> {
  const text = (await readRange(file, 0, tailHeaderSize)).toString('latin1')
  const match = form.exec(text)
  if (match === null) return undefined
  const [whole, kind, dev, ino, from, oldSize, newSize, sum = ''] = match
  if (
    crc32(whole.slice(0, -sum.length - 2))
      .toString(16)
      .padStart(8, '0') !== sum
  )
    return undefined
  const change = {
    kind: kind === 'append' ? ('append' as const) : ('rewrite' as const),
    dev: Number(dev),
    ino: Number(ino),
    from: Number(from),
    oldSize: Number(oldSize),
    newSize: Number(newSize),
  }
  const { size } = await file.stat()
  return size === tailHeaderSize + change.newSize - change.from ? change : undefined
}

/** A file in the spool with the octets of a new part, while it is written. */
export class TailFile {
  readonly path: string
  readonly #file: OpenFile
  #waiting: Buffer[] = []
  #waitingSize = 0
  #size = 0
  #last = -1

  private constructor(path: string, file: OpenFile) {
    this.path = path
    this.#file = file
  }

  static async create({ files }: MboxContext, place: MailboxPlace): Promise<TailFile> {
    const path = spoolName(place)
    const file = await openNew(files, path)
    try {
      await writeFully(file, Buffer.alloc(tailHeaderSize), 0)
    } catch (error) {
      await file.close().catch(() => undefined)
      await files.unlink(path).catch(() => undefined)
      throw error
    }
    return new TailFile(path, file)
  }

  /** Octets so far. */
  get size(): number {
    return this.#size
  }

  /** The last octet so far; -1 before the first. */
  get last(): number {
    return this.#last
  }

  async add(octets: Buffer): Promise<void> {
    this.#last = octets.at(-1) ?? this.#last
    this.#waiting.push(octets)
    this.#waitingSize += octets.length
    this.#size += octets.length
    if (this.#waitingSize >= bufferSize) await this.#flush()
  }

  /** Writes what waits, and makes it durable. */
  async sync(): Promise<void> {
    await this.#flush()
    await this.#file.datasync()
  }

  /** Says what it is for. */
  describe(change: TailChange): Promise<void> {
    return writeFully(this.#file, formatTailChange(change), 0)
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #flush(): Promise<void> {
    const octets = Buffer.concat(this.#waiting)
    const position = tailHeaderSize + this.#size - this.#waitingSize
    this.#waiting = []
    this.#waitingSize = 0
    await writeFully(this.#file, octets, position)
  }
}
