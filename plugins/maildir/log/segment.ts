import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { readFully, writeFully } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { openNew, openToRead } from '../files/durable-file.ts'
import type { OpenFile } from '../files/file-system.ts'
import { decodeFrame, generationLength, type Logged } from './frame.ts'

/** Octets of a segment. */
export const segmentSize: number = 8 * 1024 * 1024
/** Octets that only notes of what is forgotten may take: there has to be room for them. */
export const reserve: number = 128 * 1024

// Its head has a block of its own, which is not written together with what was promised.
const headSize = 4096
const magic = 'Mailwright deliveries 1\n'
const zeros = Buffer.alloc(1024 * 1024)

/** What is needed of the store. */
export type SegmentContext = Pick<MaildirContext, 'files' | 'directories' | 'syncs'>

/**
 * A file that has its whole size from the first, so that a write into it changes nothing but octets that the disk has room for
 * already: such a write is durable without the file system's journal, for a fraction of what a new file costs. It is used again
 * and again; the generation in its head says which frames count.
 */
export class LogSegment {
  readonly path: string
  readonly #file: OpenFile
  #generation = Buffer.alloc(generationLength)
  #end = headSize
  /** Messages in it whose files are not known to be durable. */
  live = 0
  /** Whether a write failed: what is in the file behind the last frame nobody knows. */
  isSpoiled = false
  /** When the first of its frames was written, on the clock's monotonic scale. */
  since = 0

  private constructor(path: string, file: OpenFile) {
    this.path = path
    this.#file = file
  }

  /** Makes a segment, empty and durable. Where that fails there is none. */
  static async make({ files, directories }: SegmentContext, path: string): Promise<LogSegment> {
    const file = await openNew(files, path)
    try {
      try {
        for (let at = 0; at < segmentSize; at += zeros.length) await writeFully(file, zeros, at)
        await file.sync()
      } finally {
        await file.close()
      }
      await directories.sync(dirname(path))
      const flags = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_DSYNC
      const segment = new LogSegment(path, await files.open(path, flags))
      try {
        await segment.reset()
      } catch (error) {
        await segment.close().catch(() => undefined)
        throw error
      }
      return segment
    } catch (error) {
      await files.unlink(path).catch(() => undefined)
      throw error
    }
  }

  get generation(): Buffer {
    return this.#generation
  }

  get isEmpty(): boolean {
    return this.#end === headSize
  }

  /** Octets that there is room for. */
  room(use: 'messages' | 'all'): number {
    if (this.isSpoiled) return 0
    return segmentSize - this.#end - (use === 'messages' ? reserve : 0)
  }

  /** Writes frames, or their parts, of which there has to be room for all, by one write. They are durable when it resolves. */
  async append(frames: readonly Buffer[]): Promise<void> {
    const octets = Buffer.concat(frames)
    try {
      await writeFully(this.#file, octets, this.#end)
    } catch (error) {
      this.isSpoiled = true
      throw error
    }
    this.#end += octets.length
  }

  /** Nothing that was written counts any more. Durable when it resolves. */
  async reset(): Promise<void> {
    const generation = randomBytes(generationLength)
    const head = Buffer.from(`${magic}${generation.toString('hex')} ${crc32(generation)}\n`)
    await writeFully(this.#file, head, 0)
    this.#generation = generation
    this.#end = headSize
    this.isSpoiled = false
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** What a segment's file says; empty where it says nothing. */
export async function readSegment({ files }: SegmentContext, path: string): Promise<readonly Logged[]> {
  const file = await openToRead(files, path)
  try {
    const octets = await readFully(file, segmentSize, 0)
    const generation = generationOf(octets)
    const found: Logged[] = []
    for (let at = headSize; generation !== undefined; ) {
      const frame = decodeFrame(octets, at, generation)
      if (frame === undefined) break
      found.push(frame.logged)
      at = frame.end
    }
    return found
  } finally {
    await file.close()
  }
}

function generationOf(octets: Buffer): Buffer | undefined {
  const head = octets.toString('latin1', 0, 128)
  const [, hex = '', sum] = new RegExp(`^${magic}([0-9a-f]{16}) (\\d+)\n`).exec(head) ?? []
  const generation = Buffer.from(hex, 'hex')
  return sum !== undefined && crc32(generation) === Number(sum) ? generation : undefined
}
