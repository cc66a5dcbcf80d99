/// <reference path="./fs-native-extensions.d.ts" />
import { watch } from 'node:fs'
import * as promises from 'node:fs/promises'
import { tryLock } from 'fs-native-extensions'

/** What `stat` tells that this plugin looks at. */
export interface FileStatus {
  readonly dev: number
  readonly ino: number
  readonly nlink: number
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
  truncate(length: number): Promise<void>
  /**
   * Takes an fcntl lock on the file, against other processes and other openings in this one, until it is closed.
   * Answers false where somebody's lock is in the way.
   */
  tryLock(kind: 'shared' | 'exclusive'): Promise<boolean>
  /** Data and what is needed to read it (fdatasync). */
  datasync(): Promise<void>
  /** Data and everything about the file (fsync). */
  sync(): Promise<void>
  close(): Promise<void>
}

/** A directory that is watched. */
export interface Watch {
  close(): void
}

/**
 * Every operation on files that this plugin uses, with the signatures of `node:fs/promises` where that has it. It goes
 * through this one object so that tests can let any call fail, or let the process die at it.
 */
export interface FileSystem {
  open(path: string, flags: number, mode?: number): Promise<OpenFile>
  mkdir(path: string, options: { readonly mode: number }): Promise<unknown>
  rmdir(path: string): Promise<void>
  readdir(path: string): Promise<string[]>
  lstat(path: string): Promise<FileStatus>
  rename(from: string, to: string): Promise<void>
  link(existing: string, path: string): Promise<void>
  unlink(path: string): Promise<void>
  utimes(path: string, accessed: Date, modified: Date): Promise<void>
  /** Calls back with the name of each entry of a directory that has changed, come or gone. */
  watch(path: string, listener: (name: string) => void): Promise<Watch>
  /** Its kind, as the kernel numbers them. */
  statfs(path: string): Promise<{ readonly type: number }>
}

class NodeFile implements OpenFile {
  readonly #handle: promises.FileHandle

  constructor(handle: promises.FileHandle) {
    this.#handle = handle
  }

  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    return this.#handle.read(buffer, offset, length, position)
  }

  write(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }> {
    return this.#handle.write(buffer, offset, length, position)
  }

  stat(): Promise<FileStatus> {
    return this.#handle.stat()
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length)
  }

  async tryLock(kind: 'shared' | 'exclusive'): Promise<boolean> {
    return tryLock(this.#handle.fd, { shared: kind === 'shared' })
  }

  datasync(): Promise<void> {
    return this.#handle.datasync()
  }

  sync(): Promise<void> {
    return this.#handle.sync()
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** The machine's files. */
export const nodeFileSystem: FileSystem = {
  open: async (path, flags, mode) => new NodeFile(await promises.open(path, flags, mode)),
  mkdir: promises.mkdir,
  rmdir: promises.rmdir,
  readdir: (path) => promises.readdir(path),
  lstat: (path) => promises.lstat(path),
  rename: promises.rename,
  link: promises.link,
  unlink: promises.unlink,
  utimes: promises.utimes,
  statfs: (path) => promises.statfs(path),
  async watch(path, listener) {
    const watcher = watch(path, { persistent: false }, (_event, name) => listener(name ?? ''))
    // The directory is gone; whoever looks next will see.
    watcher.on('error', () => watcher.close())
    return watcher
  },
}
