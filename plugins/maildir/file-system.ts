import * as promises from 'node:fs/promises'

/** What `stat` tells that this plugin looks at. */
export interface FileStatus {
  readonly dev: number
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
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
  rm(path: string, options: { readonly recursive: true; readonly force: true }): Promise<void>
  symlink(target: string, path: string): Promise<void>
  readlink(path: string): Promise<string>
  lutimes(path: string, accessed: Date, modified: Date): Promise<void>
}

/** The machine's files. */
export const nodeFileSystem: FileSystem = promises
