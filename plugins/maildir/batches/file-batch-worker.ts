// What runs in the thread of file-batch-thread.ts.
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { CrlfMeter, toCrlf } from '../files/line-ends.ts'
import { readWhole } from '../files/read-whole.ts'
import { type BatchAnswer, type BatchTask, factCount } from './file-batch-task.ts'

/**
 * What kind of file it is: 1 for a plain one, 2 for a directory. The last number is for what was read or measured, -1 for
 * nothing.
 */
function factsOf(status: Stats): readonly number[] {
  const kind = status.isFile() ? 1 : status.isDirectory() ? 2 : 0
  const { dev, ino, size, mtimeMs, ctimeMs, birthtimeMs } = status
  return [kind, dev, ino, size, mtimeMs, ctimeMs, birthtimeMs, -1]
}

type Outcome = Omit<BatchAnswer, 'number'>

/** Runs a call for each; answers which have failed. */
function each(count: number, call: (at: number) => void): BatchAnswer['failures'] {
  const failures: (readonly [number, string])[] = []
  for (let at = 0; at < count; at++) {
    try {
      call(at)
    } catch (error) {
      failures.push([at, (error as NodeJS.ErrnoException).code ?? 'EIO'])
    }
  }
  return failures
}

function look(paths: readonly string[]): Outcome {
  const facts = new Float64Array(paths.length * factCount)
  const failures = each(paths.length, (at) => facts.set(factsOf(lstatSync(paths[at] ?? '')), at * factCount))
  return { failures, facts }
}

/** Small plain files as they are, or as `made` makes them, one behind the other. */
function read(
  paths: readonly string[],
  { flags = 0, most = 0 }: BatchTask,
  made: (octets: Buffer) => Buffer = (octets) => octets,
): Outcome {
  const facts = new Float64Array(paths.length * factCount)
  const pieces: Buffer[] = []
  const failures = each(paths.length, (at) => {
    const file = openSync(paths[at] ?? '', flags)
    try {
      const status = fstatSync(file)
      facts.set(factsOf(status), at * factCount)
      if (!status.isFile() || status.size > most) return
      const place = Buffer.allocUnsafe(status.size)
      const piece = made(place.subarray(0, readWhole(file, place)))
      facts[(at + 1) * factCount - 1] = piece.length
      pieces.push(piece)
    } finally {
      closeSync(file)
    }
  })
  const octets = Buffer.allocUnsafeSlow(pieces.reduce((sum, { length }) => sum + length, 0))
  let filled = 0
  for (const piece of pieces) filled += piece.copy(octets, filled)
  return { failures, facts, octets: octets.buffer }
}

/** Plain files are read, whatever their size, and nothing of them is kept but the octets that they have with CRLF. */
function measure(paths: readonly string[], { flags = 0 }: BatchTask): Outcome {
  const facts = new Float64Array(paths.length * factCount)
  const place = Buffer.allocUnsafeSlow(measuredAtOnce)
  const failures = each(paths.length, (at) => {
    const path = paths[at] ?? ''
    const status = lstatSync(path)
    facts.set(factsOf(status), at * factCount)
    if (!status.isFile()) return
    const file = openSync(path, flags)
    try {
      facts[(at + 1) * factCount - 1] = crlfOctets(file, status.size, place)
    } finally {
      closeSync(file)
    }
  })
  return { failures, facts }
}

/** `size` is what the file had a moment ago: a short read behind that is its end. */
function crlfOctets(file: number, size: number, place: Buffer): number {
  const meter = new CrlfMeter()
  for (;;) {
    const length = readSync(file, place, 0, place.length, meter.octets)
    meter.add(place.subarray(0, length))
    if (length === 0 || (length < place.length && meter.octets >= size)) return meter.crlfOctets
  }
}

/** A file that cannot be written whole does not stay. */
function create(paths: readonly string[], { flags = 0, mode, sizes = [], octets }: BatchTask): Outcome {
  const all = new Uint8Array(octets ?? new ArrayBuffer(0))
  let start = 0
  const failures = each(paths.length, (at) => {
    const path = paths[at] ?? ''
    const own = all.subarray(start, start + (sizes[at] ?? 0))
    start += own.length
    const file = openSync(path, flags, mode)
    try {
      try {
        for (let written = 0; written < own.length; )
          written += writeSync(file, own, written, own.length - written, written)
      } finally {
        closeSync(file)
      }
    } catch (error) {
      unlinkSync(path)
      throw error
    }
  })
  return { failures }
}

function sync(path: string, flags = 0): void {
  const file = openSync(path, flags)
  try {
    fdatasyncSync(file)
  } finally {
    closeSync(file)
  }
}

function refuse(): never {
  throw Object.assign(new Error('a path with a NUL'), { code: 'EINVAL' })
}

function run(task: BatchTask): Outcome {
  const paths = task.paths.split('\0')
  // No path has a NUL, and no file such a name.
  if (paths.length !== task.count) return { failures: each(task.count, () => refuse()) }
  const first = (at: number): string => paths[2 * at] ?? ''
  const second = (at: number): string => paths[2 * at + 1] ?? ''
  switch (task.kind) {
    case 'status':
      return look(paths)
    case 'read':
      return read(paths, task)
    case 'readCrlf':
      return read(paths, task, (octets) => toCrlf(octets, false))
    case 'measure':
      return measure(paths, task)
    case 'create':
      return create(paths, task)
    case 'sync':
      return { failures: each(paths.length, (at) => sync(paths[at] ?? '', task.flags)) }
    case 'unlink':
      return { failures: each(paths.length, (at) => unlinkSync(paths[at] ?? '')) }
    case 'link':
      return { failures: each(paths.length / 2, (at) => linkSync(first(at), second(at))) }
    case 'rename':
      return { failures: each(paths.length / 2, (at) => renameSync(first(at), second(at))) }
  }
}

// Octets that are read of a file before they are counted.
const measuredAtOnce = 256 * 1024

// To copy less takes less time than to hand it over.
const leastToMove = 32 * 1024

// Errors are told by their codes: where they come from is looked at by nobody.
Error.stackTraceLimit = 0

parentPort?.on('message', (task: BatchTask) => {
  const outcome = run(task)
  const { octets } = outcome
  const moved = octets !== undefined && octets.byteLength >= leastToMove ? [octets] : []
  parentPort?.postMessage({ number: task.number, ...outcome } satisfies BatchAnswer, moved)
})
