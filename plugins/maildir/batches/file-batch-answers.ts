import type { FileStatus } from '../files/file-system.ts'
import { type BatchAnswer, type FileCall, factCount } from './file-batch-task.ts'
import { type BatchPart, pathsOfCall } from './file-batch-threads.ts'

/** What a file is, and its octets as far as they were wanted. */
export interface FileOctets {
  readonly status: FileStatus
  readonly octets: Buffer | undefined
}

/** What a file is, and the octets that it has with CRLF line ends; undefined for what is no plain file. */
export interface MeasuredFile {
  readonly status: FileStatus
  readonly crlfOctets: number | undefined
}

/** What became of each call, with the value that `make` finds in the answer for the call with that number. */
export function resultsOf<T>(
  parts: readonly BatchPart[],
  { kind, paths }: { readonly kind: FileCall; readonly paths: readonly string[] },
  make: (answer: BatchAnswer, at: number) => T,
): readonly PromiseSettledResult<T>[] {
  const each = pathsOfCall(kind)
  return parts.flatMap(({ answer, from, count }) => {
    const failures = new Map(answer.failures)
    return Array.from({ length: count }, (_, at): PromiseSettledResult<T> => {
      const code = failures.get(at)
      if (code === undefined) return { status: 'fulfilled', value: make(answer, at) }
      const ofCall = paths.slice((from + at) * each, (from + at + 1) * each)
      return { status: 'rejected', reason: failure(kind, code, ofCall) }
    })
  })
}

/** The status in an answer. */
export function statusIn({ facts }: BatchAnswer, at: number): FileStatus {
  const start = at * factCount
  const [kind = 0, dev = 0, ino = 0, size = 0, mtimeMs = 0, ctimeMs = 0, birthtimeMs = 0] =
    facts?.subarray(start, start + factCount) ?? []
  return {
    dev,
    ino,
    size,
    mtimeMs,
    ctimeMs,
    birthtimeMs,
    isFile: () => kind === 1,
    isDirectory: () => kind === 2,
  }
}

/** Files in an answer, which are to be taken in their order: each begins where the one before ends. */
export function octetsIn(): (answer: BatchAnswer, at: number) => FileOctets {
  let start = 0
  let of: BatchAnswer | undefined
  return (answer, at) => {
    if (answer !== of) [of, start] = [answer, 0]
    const status = statusIn(answer, at)
    const length = answer.facts?.[(at + 1) * factCount - 1] ?? -1
    if (length < 0) return { status, octets: undefined }
    const octets = Buffer.from(answer.octets ?? new ArrayBuffer(0), start, length)
    start += length
    return { status, octets }
  }
}

/** What was measured, in an answer. */
export function measureIn(answer: BatchAnswer, at: number): MeasuredFile {
  const octets = answer.facts?.[(at + 1) * factCount - 1] ?? -1
  return { status: statusIn(answer, at), crlfOctets: octets < 0 ? undefined : octets }
}

// The names of the calls, as their errors have them.
const systemCalls: Readonly<Record<FileCall, string>> = {
  link: 'link',
  rename: 'rename',
  unlink: 'unlink',
  status: 'lstat',
  read: 'open',
  readCrlf: 'open',
  measure: 'open',
  create: 'open',
  sync: 'fdatasync',
}

/** An error as the file system's own. Where it was made tells nobody anything, and costs ten times as much as the rest. */
function failure(kind: FileCall, code: string, [path = '', dest]: readonly string[]): Error {
  const syscall = systemCalls[kind]
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    if (dest === undefined)
      return Object.assign(new Error(`${code}: ${syscall} ${path}`), { code, syscall, path })
    return Object.assign(new Error(`${code}: ${syscall} ${path} -> ${dest}`), { code, syscall, path, dest })
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
