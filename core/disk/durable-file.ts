import { constants } from 'node:fs'
import { UnavailableError } from '../errors.ts'
import { type WritableFile, writeFully } from './write-fully.ts'

/** A file that is read at places that one says. */
export interface ReadableFile {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
}

/** What of an open file is needed to read it whole, or to write it durably. */
export interface DurableFile<Status> extends ReadableFile, WritableFile {
  stat(): Promise<Status>
  datasync(): Promise<void>
  close(): Promise<void>
}

/** The calls of `node:fs/promises` that are made here; tests may stand between them and the disk. */
export interface DurableFiles<Status> {
  open(path: string, flags: number, mode?: number): Promise<DurableFile<Status>>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
}

/** To read a file that is no link. O_NONBLOCK: a FIFO in its place must not hold a thread until a writer comes. */
export const readFlags: number = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
/** To make a new file, whose name nobody has. */
export const createFlags: number =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

const fileMode = 0o600

// A file of settings that is larger is none.
const largestSmall = 64 * 1024 * 1024

/** Up to so many octets; fewer only at the end of the file. */
export async function readFully(file: ReadableFile, length: number, position: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

/** A whole small file, which must not be a link, and its status at that moment. MAIL_E_UNAVAILABLE where it is not small. */
export async function readSmallFile<Status extends { readonly size: number }>(
  files: Pick<DurableFiles<Status>, 'open'>,
  path: string,
): Promise<{ readonly octets: Buffer; readonly status: Status }> {
  const file = await files.open(path, readFlags)
  try {
    const status = await file.stat()
    if (status.size > largestSmall) throw new UnavailableError(`${path} is too large`)
    return { octets: await readFully(file, status.size, 0), status }
  } finally {
    await file.close()
  }
}

/** A new content of a file. */
export interface NewContent {
  readonly path: string
  /** Where it is written first, on the same file system. */
  readonly temporary: string
  readonly octets: Buffer
}

/**
 * Replaces a file whole: after a crash there is the old one or the new one. Durable when it resolves, by `syncNames`, which
 * makes the names in its directory durable.
 */
export async function replaceDurably<Status>(
  files: DurableFiles<Status>,
  { path, temporary, octets }: NewContent,
  syncNames: () => Promise<void>,
): Promise<Status> {
  try {
    const status = await writeNew(files, temporary, octets)
    await files.rename(temporary, path)
    await syncNames()
    return status
  } catch (error) {
    await files.unlink(temporary).catch(() => undefined)
    throw error
  }
}

async function writeNew<Status>(files: DurableFiles<Status>, path: string, octets: Buffer): Promise<Status> {
  const file = await files.open(path, createFlags, fileMode)
  try {
    await writeFully(file, octets, 0)
    await file.datasync()
    return await file.stat()
  } finally {
    await file.close()
  }
}
