import { watch } from 'node:fs'
import * as promises from 'node:fs/promises'

/** What `stat` tells that this plugin looks at. */
export interface FileStatus {
  readonly dev: number
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  /** When it was made: 0 where the file system does not say. */
  readonly birthtimeMs: number
  isFile(): boolean
  isDirectory(): boolean
}

/** An open file or directory. */
export interface OpenFile {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  write(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>
  stat(): Promise<FileStatus>
  utimes(accessed: Date, modified: Date): Promise<void>
  /** Cuts the file off behind so many octets. */
  truncate(length: number): Promise<void>
  /** Data and what is needed to read it (fdatasync). */
  datasync(): Promise<void>
  /** Data and everything about the file (fsync). */
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * Every operation on files that this plugin uses, with the signatures of `node:fs/promises`. It goes through this one
 * object so that tests can let any call fail, or let the process die at it.
 */
export interface FileSystem {
  open(path: string, flags: number, mode?: number): Promise<OpenFile>
  mkdir(path: string, options: { readonly mode: number }): Promise<unknown>
  readdir(path: string): Promise<string[]>
  lstat(path: string): Promise<FileStatus>
  rename(from: string, to: string): Promise<void>
  link(existing: string, path: string): Promise<void>
  unlink(path: string): Promise<void>
  rmdir(path: string): Promise<void>
  rm(path: string, options: { readonly recursive: true; readonly force: true }): Promise<void>
  symlink(target: string, path: string): Promise<void>
  readlink(path: string): Promise<string>
  /**
   * Calls back at changes in a directory; with the name of what changed where the system says so. `ended` is called once
   * when no more will be told.
   */
  watch(
    path: string,
    listener: (name: string | undefined) => void,
    ended: () => void,
  ): Promise<DirectoryWatcher>
  lutimes(path: string, accessed: Date, modified: Date): Promise<void>
  statfs(path: string): Promise<FileSystemStatus>
}

/** What `statfs` tells that this plugin looks at. */
export interface FileSystemStatus {
  /** The kernel's number for its kind. */
  readonly type: number
  readonly bsize: number
  /** Free blocks for users that are not root. */
  readonly bavail: number
}

/** Something that tells of changes until it is closed. */
export interface DirectoryWatcher {
  close(): void
}

/** The machine's files. */
export const nodeFileSystem: FileSystem = { ...promises, watch: watchDirectory }

// Thousands of sessions that wait have three each: nothing is made for one that is not needed.
async function watchDirectory(
  path: string,
  listener: (name: string | undefined) => void,
  ended: () => void,
): Promise<DirectoryWatcher> {
  const watcher = watch(path, { persistent: false }, (_, name) => listener(name ?? undefined))
  watcher.on('error', () => {
    watcher.close()
    ended()
  })
  return watcher
}
