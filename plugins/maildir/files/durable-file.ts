import { constants } from 'node:fs'
import { createFlags, readFlags, readFully, replaceDurably, systemCode, writeFully } from 'mailwright/disk'
import type { DirectorySync } from './directory-sync.ts'
import type { FileStatus, FileSystem, OpenFile } from './file-system.ts'

export const fileMode = 0o600
export const directoryMode = 0o700

/** Opens a file that must not be a symbolic link, for reading. */
export function openToRead(files: FileSystem, path: string): Promise<OpenFile> {
  return files.open(path, readFlags)
}

/** Makes a new file; fails where the name is taken. */
export function openNew(files: FileSystem, path: string): Promise<OpenFile> {
  return files.open(path, createFlags, fileMode)
}

/** The same for a file of which each write is durable when it ends, as if `datasync` was called after it. */
export function openNewDurable(files: FileSystem, path: string): Promise<OpenFile> {
  return files.open(path, createFlags | constants.O_DSYNC, fileMode)
}

export interface Replacement {
  readonly directory: string
  readonly name: string
  /** Where the new file is written first, on the same file system. */
  readonly temporary: string
  readonly octets: Buffer
}

/** Replaces a file whole: after a crash there is the old one or the new one. Durable when it resolves. */
export function replaceFile(
  files: FileSystem,
  directories: DirectorySync,
  { directory, name, temporary, octets }: Replacement,
): Promise<FileStatus> {
  const content = { path: `${directory}/${name}`, temporary, octets }
  return replaceDurably(files, content, () => directories.sync(directory))
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
