import { constants } from 'node:fs'
import { dirname } from 'node:path'
import { UnavailableError } from 'mailwright'
import { type NewContent, readFully, replaceDurably, systemCode } from 'mailwright/disk'
import type { FileStatus, FileSystem, OpenFile } from './file-system.ts'

const fileMode = 0o600
const directoryMode = 0o700
const chunkSize = 256 * 1024

// O_NONBLOCK: a FIFO that somebody put in the place of a mailbox must not hold a thread until a writer comes.
const careful = constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Opens a file that must not be a symbolic link. */
export function openFile(files: FileSystem, path: string, access: 'read' | 'write'): Promise<OpenFile> {
  return files.open(path, (access === 'read' ? constants.O_RDONLY : constants.O_RDWR) | careful)
}

/** Opens a file that must not be a symbolic link, and makes it where it is missing. */
export function openOrMake(files: FileSystem, path: string): Promise<OpenFile> {
  return files.open(path, constants.O_RDWR | constants.O_CREAT | careful, fileMode)
}

/** Makes a new file; fails where the name is taken. */
export function openNew(files: FileSystem, path: string, mode: number = fileMode): Promise<OpenFile> {
  return files.open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | careful, mode)
}

/** Does something with an open file and closes it, whatever happens. */
export async function using<T>(opening: Promise<OpenFile>, run: (file: OpenFile) => Promise<T>): Promise<T> {
  const file = await opening
  try {
    return await run(file)
  } finally {
    await file.close()
  }
}

/** Octets from `start` to `end`; fewer only where the file ends. */
export function readRange(file: OpenFile, start: number, end: number): Promise<Buffer> {
  return readFully(file, Math.max(0, end - start), start)
}

/** Octets of a file, piece by piece. */
export async function* readPieces(file: OpenFile, start: number, end: number): AsyncGenerator<Buffer> {
  for (let position = start; position < end; ) {
    const piece = await readRange(file, position, Math.min(position + chunkSize, end))
    if (piece.length === 0) return
    yield piece
    position += piece.length
  }
}

/** Replaces a file whole: after a crash there is the old one or the new one. Durable when it resolves. */
export function replaceFile(files: FileSystem, content: NewContent): Promise<FileStatus> {
  return replaceDurably(files, content, () => syncDirectory(files, dirname(content.path)))
}

/** Makes changes of a directory's entries durable. */
export function syncDirectory(files: FileSystem, path: string): Promise<void> {
  const opening = files.open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  return using(opening, (directory) => directory.sync())
}

/**
 * Makes a directory and what is missing above it, durably. What is still in the way then, a file or a link to nothing, is
 * nothing to wait for.
 */
export async function makeDirectory(files: FileSystem, path: string): Promise<void> {
  if (await makeIn(files, path)) return
  await makeDirectory(files, dirname(path))
  if (!(await makeIn(files, path))) throw new UnavailableError(`${dirname(path)} leads to no directory`)
}

/** Answers false where the directory for it is missing. */
async function makeIn(files: FileSystem, path: string): Promise<boolean> {
  try {
    await files.mkdir(path, { mode: directoryMode })
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST') return true
    if (code === 'ENOTDIR')
      throw new UnavailableError(`${dirname(path)} leads to no directory`, { cause: error })
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    return false
  }
  await syncDirectory(files, dirname(path))
  return true
}
