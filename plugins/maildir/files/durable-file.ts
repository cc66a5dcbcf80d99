import { constants } from 'node:fs'
import { UnavailableError } from 'mailwright'
import type { DirectorySync } from './directory-sync.ts'
import { systemCode } from './disk-errors.ts'
import type { FileStatus, FileSystem, OpenFile } from './file-system.ts'

export const fileMode = 0o600
export const directoryMode = 0o700

/** O_NONBLOCK: a FIFO that somebody put in the place of a message must not hold a thread until a writer comes. */
export const reading: number = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
/** A new file, whose name nobody has. */
export const creating: number =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/** Opens a file that must not be a symbolic link, for reading. */
export function openToRead(files: FileSystem, path: string): Promise<OpenFile> {
  return files.open(path, reading)
}

/** Makes a new file; fails where the name is taken. */
export function openNew(files: FileSystem, path: string): Promise<OpenFile> {
  return files.open(path, creating, fileMode)
}

/** The same for a file of which each write is durable when it ends, as if `datasync` was called after it. */
export function openNewDurable(files: FileSystem, path: string): Promise<OpenFile> {
  return files.open(path, creating | constants.O_DSYNC, fileMode)
}

export async function writeFully(file: OpenFile, octets: Buffer, position: number): Promise<void> {
  for (let written = 0; written < octets.length; ) {
    const { bytesWritten } = await file.write(octets, written, octets.length - written, position + written)
    written += bytesWritten
  }
}

/** Up to so many octets; fewer only at the end of the file. */
export async function readFully(file: OpenFile, length: number, position: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

// A file of settings that is larger is none.
const largestSmall = 64 * 1024 * 1024

/** A whole small file and its status at that moment. MAIL_E_UNAVAILABLE where it is not small. */
export async function readSmallFile(
  files: FileSystem,
  path: string,
): Promise<{ readonly octets: Buffer; readonly status: FileStatus }> {
  const file = await openToRead(files, path)
  try {
    const status = await file.stat()
    if (status.size > largestSmall) throw new UnavailableError(`${path} is too large`)
    return { octets: await readFully(file, status.size, 0), status }
  } finally {
    await file.close()
  }
}

export interface Replacement {
  readonly directory: string
  readonly name: string
  /** Where the new file is written first, on the same file system. */
  readonly temporary: string
  readonly octets: Buffer
}

/** Replaces a file whole: after a crash there is the old one or the new one. Durable when it resolves. */
export async function replaceFile(
  files: FileSystem,
  directories: DirectorySync,
  { directory, name, temporary, octets }: Replacement,
): Promise<FileStatus> {
  try {
    const file = await openNew(files, temporary)
    let status: FileStatus
    try {
      await writeFully(file, octets, 0)
      await file.datasync()
      status = await file.stat()
    } finally {
      await file.close()
    }
    await files.rename(temporary, `${directory}/${name}`)
    await directories.sync(directory)
    return status
  } catch (error) {
    await files.unlink(temporary).catch(() => undefined)
    throw error
  }
}

const chunkSize = 256 * 1024

/** Copies a file into a new one, durably and with a modification date. */
export async function copyFile(files: FileSystem, from: string, to: string, date: Date): Promise<void> {
  const source = await openToRead(files, from)
  try {
    const copy = await openNew(files, to)
    try {
      for (let position = 0; ; ) {
        const chunk = await readFully(source, chunkSize, position)
        if (chunk.length === 0) break
        await writeFully(copy, chunk, position)
        position += chunk.length
      }
      await copy.utimes(date, date)
      await copy.sync()
    } finally {
      await copy.close()
    }
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') await files.unlink(to).catch(() => undefined)
    throw error
  } finally {
    await source.close()
  }
}

/** When a file was last changed, in milliseconds; NaN where that cannot be known. */
export async function timeOf(file: OpenFile): Promise<number> {
  try {
    return (await file.stat()).mtimeMs
  } catch {
    return Number.NaN
  }
}
