import type { FileSystem, OpenFile } from '../../../plugins/maildir/files/file-system.ts'

/** One call to the file system, before it is made. */
export interface FileCall {
  /** From 0. */
  readonly number: number
  /** Such as `rename`, or `file.datasync` for a call on an open file. */
  readonly name: string
  /** What it is made on. */
  readonly path: string
}

/** Fails a call by throwing or rejecting; lets it pass by answering. */
export type Interference = (call: FileCall) => void | Promise<void>

/** An error as the system gives it. */
export function systemError(code: string, { name, path }: Pick<FileCall, 'name' | 'path'>): Error {
  return Object.assign(new Error(`${code}: injected, ${name} '${path}'`), { code, syscall: name, path })
}

/** The same files without waiting for the disk: for tests that make thousands of files and never cut the power. */
export function unsyncedFiles(files: FileSystem): FileSystem {
  const done = async (): Promise<void> => undefined
  const unsynced = (file: OpenFile): OpenFile => ({
    read: (...words) => file.read(...words),
    write: (...words) => file.write(...words),
    stat: () => file.stat(),
    truncate: (...words) => file.truncate(...words),
    utimes: (...words) => file.utimes(...words),
    datasync: done,
    sync: done,
    close: () => file.close(),
  })
  return { ...files, open: async (...words) => unsynced(await files.open(...words)) }
}

/** Told of each call that is made, with its answer. */
export type CallWitness = (call: FileCall, answer: Promise<unknown>) => void

/** A file system that asks before each call. A `close` that fails has closed the file all the same. */
export function interferedFiles(
  files: FileSystem,
  interfere: Interference,
  made: CallWitness = () => undefined,
): FileSystem {
  let number = 0
  const watched = (target: object, prefix: string, pathOf: (words: unknown[]) => string): object =>
    new Proxy(target, {
      get(object, key) {
        const method: unknown = Reflect.get(object, key)
        if (typeof key !== 'string' || typeof method !== 'function') return method
        return async (...words: unknown[]) => {
          const path = pathOf(words)
          const call = { number: number++, name: `${prefix}${key}`, path }
          const answer = async (): Promise<unknown> => {
            const answered = Promise.resolve(Reflect.apply(method, object, words) as unknown)
            made(call, answered)
            return answered
          }
          if (key === 'close') await answer()
          await interfere(call)
          if (key === 'close') return undefined
          const result = await answer()
          return key === 'open' ? watched(result as OpenFile, 'file.', () => path) : result
        }
      },
    })
  const lastText = (words: unknown[]): string => String(words.findLast((word) => typeof word === 'string'))
  return watched({ ...files }, '', lastText) as FileSystem
}
