import { constants } from 'node:fs'
import { join } from 'node:path'
import { isMissing, readFully, writeFully } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import { fileMode, openNew, openToRead } from '../files/durable-file.ts'
import type { OpenFile } from '../files/file-system.ts'
import type { Reference } from '../index/index-change.ts'
import { encodeFrame, frameAt } from '../index/index-frame.ts'
import type { SideReference } from '../index/index-record.ts'

/** What a side file keeps of one message. */
export interface SideItem {
  readonly uid: number
  readonly content: Buffer
}

/** Where an item of a message should be. */
export interface SidePlace extends SideReference {
  readonly uid: number
}

const kind = 'M'
const labelSize = 8
// Frames that lie near to each other are read together.
const longestGap = 64 * 1024
const longestRead = 1024 * 1024

/**
 * A file beside a mailbox's index with one frame a message: what can be made anew from the messages at any time, and so
 * is never waited for. Each frame says for which UID and UIDVALIDITY it is; what is not found where the index says counts
 * as absent.
 */
export class SideFile {
  readonly #context: MaildirContext
  readonly #directory: string
  readonly #name: string

  constructor(context: MaildirContext, directory: string, name: string) {
    this.#context = context
    this.#directory = directory
    this.#name = name
  }

  /** Adds items and answers where they are. Only under the mailbox's lock. */
  async append(uidValidity: number, items: readonly SideItem[]): Promise<readonly Reference[]> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
    const file = await this.#context.files.open(this.#path, flags, fileMode)
    try {
      let { size: offset } = await file.stat()
      const frames = items.map(({ uid, content }) => labelled(uidValidity, uid, content))
      const references = items.map(({ uid }, at): Reference => {
        const { length } = frames[at] ?? Buffer.alloc(0)
        offset += length
        return [uid, offset - length, length]
      })
      await writeFully(file, Buffer.concat(frames), references[0]?.[1] ?? 0)
      return references
    } finally {
      await file.close()
    }
  }

  /**
   * Reads items, in the order of the places; undefined for those that are not there. Those that one read has brought come
   * together.
   */
  async *read(
    uidValidity: number,
    places: readonly SidePlace[],
  ): AsyncGenerator<readonly (readonly [uid: number, content: Buffer | undefined])[]> {
    const file = await this.#open()
    try {
      const size = file === undefined ? 0 : (await file.stat()).size
      for (let from = 0; from < places.length; ) {
        const group = together(places, from)
        from += group.length
        const start = Math.min(...group.map(({ offset }) => offset))
        const end = Math.min(size, Math.max(...group.map(({ offset, length }) => offset + length)))
        const octets =
          file === undefined || end <= start ? Buffer.alloc(0) : await readFully(file, end - start, start)
        yield group.map((place) => [place.uid, itemAt(octets, start, uidValidity, place)])
      }
    } finally {
      await file?.close()
    }
  }

  /** Octets of the file; 0 where there is none. */
  async size(): Promise<number> {
    try {
      return (await this.#context.files.lstat(this.#path)).size
    } catch (error) {
      if (isMissing(error)) return 0
      throw error
    }
  }

  /** Replaces the file by one with these items only. Only under the mailbox's lock. */
  async replace(uidValidity: number, items: AsyncIterable<SideItem>): Promise<readonly Reference[]> {
    const { files, names } = this.#context
    const temporary = join(this.#directory, 'tmp', names())
    const references: Reference[] = []
    let offset = 0
    try {
      const file = await openNew(files, temporary)
      try {
        for await (const { uid, content } of items) {
          const frame = labelled(uidValidity, uid, content)
          await writeFully(file, frame, offset)
          references.push([uid, offset, frame.length])
          offset += frame.length
        }
      } finally {
        await file.close()
      }
      await files.rename(temporary, this.#path)
      return references
    } catch (error) {
      await files.unlink(temporary).catch(() => undefined)
      throw error
    }
  }

  get #path(): string {
    return join(this.#directory, this.#name)
  }

  async #open(): Promise<OpenFile | undefined> {
    try {
      return await openToRead(this.#context.files, this.#path)
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
}

function labelled(uidValidity: number, uid: number, content: Buffer): Buffer {
  const label = Buffer.alloc(labelSize)
  label.writeUInt32LE(uidValidity, 0)
  label.writeUInt32LE(uid, 4)
  return encodeFrame(kind, Buffer.concat([label, content]))
}

function itemAt(
  octets: Buffer,
  start: number,
  uidValidity: number,
  { uid, offset, length }: SidePlace,
): Buffer | undefined {
  const frame = frameAt(octets.subarray(0, offset - start + length), offset - start)
  if (frame?.kind !== kind || frame.content.length < labelSize) return undefined
  const { content } = frame
  if (content.readUInt32LE(0) !== uidValidity || content.readUInt32LE(4) !== uid) return undefined
  return content.subarray(labelSize)
}

/** As many places from there on as one read should bring. */
function together(places: readonly SidePlace[], from: number): readonly SidePlace[] {
  const first = places[from]
  if (first === undefined) return []
  let last = first
  let end = from + 1
  for (; end < places.length; end++) {
    const next = places[end]
    if (next === undefined || next.offset < last.offset) break
    if (next.offset > last.offset + last.length + longestGap) break
    if (next.offset + next.length - first.offset > longestRead) break
    last = next
  }
  return places.slice(from, end)
}
