import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { areFilesUsedUp, diskRoom, type RoomLook } from '../disk/disk-room.ts'
import { writeFully } from '../disk/write-fully.ts'
import { UnavailableError } from '../errors.ts'
import { bufferContent, type Content } from '../model/content.ts'

/** What is being received: chunks in, a content out, then it is disposed of. */
export interface SpoolWriter {
  /** Octets so far. */
  readonly size: number
  /** Resolves when more may be written. MAIL_E_UNAVAILABLE where the disk fails; the writer is then disposed of. */
  write(chunk: Buffer): Promise<void>
  /** All octets; readable until `dispose`. Not durable: durability is the store's and the queue's. */
  finish(): Promise<Content>
  /** Frees memory and file. Always call it in the end; more than once does no harm. */
  dispose(): Promise<void>
}

/** Takes octets of unknown length: in memory while small and while there is room, else in a file. */
export interface Spool {
  receive(): SpoolWriter
  /**
   * Octets that are free where the files are, looked up once a second at most; Infinity where nobody can tell, 0 where no more files can
   * be made, however much is free.
   */
  room(): Promise<number>
}

export interface SpoolLimits {
  /** Octets of one message that are kept in memory. */
  readonly messageMemory: number
  /** Octets of all messages together that are kept in memory. */
  readonly totalMemory: number
}

const gatheredOctets = 2_048
const defaultLimits: SpoolLimits = { messageMemory: 256 * 1024, totalMemory: 64 * 1024 * 1024 }

/**
 * Makes a spool with its files in a folder. A file has no name from the moment it is open, so that a crash leaves
 * nothing behind.
 */
export function createSpool(folder: string, limits: SpoolLimits = defaultLimits, look?: RoomLook): Spool {
  const memory = { used: 0, limits }
  const room = new Room(folder, look)
  return { receive: () => new Writer(memory, () => openNameless(folder)), room: () => room.free() }
}

/** Milliseconds for which an answer of the file system is good. */
const roomIsKnown = 1_000

/** What is free where a folder is, or is going to be. */
class Room {
  readonly #folder: string
  readonly #roomLook: RoomLook | undefined
  #answer = Promise.resolve(Number.POSITIVE_INFINITY)
  #until = Number.NEGATIVE_INFINITY

  constructor(folder: string, look: RoomLook | undefined) {
    this.#folder = folder
    this.#roomLook = look
  }

  free(): Promise<number> {
    const now = performance.now()
    if (now < this.#until) return this.#answer
    this.#until = now + roomIsKnown
    this.#answer = this.#look()
    return this.#answer
  }

  async #look(): Promise<number> {
    const room = await diskRoom(this.#folder, this.#roomLook)
    return areFilesUsedUp(room) ? 0 : room.octets.free
  }
}

interface SharedMemory {
  used: number
  readonly limits: SpoolLimits
}

class Writer implements SpoolWriter {
  readonly #memory: SharedMemory
  readonly #open: () => Promise<FileHandle>
  #chunks: Buffer[] = []
  #gathering: Buffer | undefined
  #gathered = 0
  #held = 0
  #file: FileHandle | undefined
  #disposed = false
  size = 0

  constructor(memory: SharedMemory, open: () => Promise<FileHandle>) {
    this.#memory = memory
    this.#open = open
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.#disposed) throw new UnavailableError('the spool entry is gone')
    this.size += chunk.length
    const { limits } = this.#memory
    const fits = this.size <= limits.messageMemory && this.#memory.used + chunk.length <= limits.totalMemory
    if (this.#file === undefined && fits) {
      this.#keep(chunk)
      return
    }
    try {
      await this.#toFile(chunk)
    } catch (error) {
      await this.dispose()
      throw new UnavailableError('the spool cannot be written', { cause: error })
    }
  }

  async #toFile(chunk: Buffer): Promise<void> {
    this.#file ??= await this.#opened()
    const held = this.#takeChunks()
    for (const earlier of held) await writeFully(this.#file, earlier)
    await writeFully(this.#file, chunk)
  }

  /** Whoever disposes while the file is being opened has not seen it. */
  async #opened(): Promise<FileHandle> {
    const file = await this.#open()
    if (!this.#disposed) return file
    await file.close()
    throw new UnavailableError('the spool entry is gone')
  }

  /** A Buffer costs a hundred octets beside its own, so that small chunks are gathered in larger ones. */
  #keep(chunk: Buffer): void {
    this.#hold(chunk.length)
    if (this.#gathered + chunk.length > gatheredOctets) this.#chunks.push(this.#takeGathered())
    if (chunk.length > gatheredOctets) {
      this.#chunks.push(chunk)
      return
    }
    this.#gathering ??= Buffer.allocUnsafeSlow(gatheredOctets)
    this.#gathered += chunk.copy(this.#gathering, this.#gathered)
  }

  #takeGathered(): Buffer {
    const octets = Buffer.from(this.#gathering?.subarray(0, this.#gathered) ?? [])
    this.#gathered = 0
    return octets
  }

  #takeChunks(): readonly Buffer[] {
    const chunks = [...this.#chunks, this.#takeGathered()]
    this.#chunks = []
    this.#gathering = undefined
    this.#hold(-this.#held)
    return chunks
  }

  #hold(octets: number): void {
    this.#held += octets
    this.#memory.used += octets
  }

  async finish(): Promise<Content> {
    if (this.#disposed) throw new UnavailableError('the spool entry is gone')
    if (this.#file !== undefined) return fileContent(this.#file, this.size)
    const gathered = this.#gathering?.subarray(0, this.#gathered) ?? Buffer.alloc(0)
    return bufferContent(Buffer.concat([...this.#chunks, gathered]))
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    this.#takeChunks()
    await this.#file?.close().catch(() => undefined)
  }
}

async function openNameless(folder: string): Promise<FileHandle> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Several processes may share the folder, and a crash may have left a name behind.
  const path = join(folder, randomUUID())
  const file = await open(path, 'wx+', 0o600)
  await unlink(path)
  return file
}

const streamedAtOnce = 65_536

/** An open file as content. The handle stays its owner's to close. */
export function fileContent(file: FileHandle, size: number): Content {
  const read = async (start: number, end: number): Promise<Buffer> => {
    const from = Math.min(Math.max(0, start), size)
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(end, size) - from))
    for (let offset = 0; offset < buffer.length; ) {
      const { bytesRead } = await file.read(buffer, offset, buffer.length - offset, from + offset)
      if (bytesRead === 0) throw new UnavailableError('a spool file is shorter than it was')
      offset += bytesRead
    }
    return buffer
  }
  // Not the handle's own streams: the handle cannot be closed while one of them has not been read to its end.
  async function* chunks(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = Math.max(0, start); at < Math.min(end, size); at += streamedAtOnce)
      yield await read(at, Math.min(end, at + streamedAtOnce))
  }
  return {
    size,
    read,
    stream: (start = 0, end = size) => Readable.from(chunks(start, end), { objectMode: false }),
  }
}
