import type { Log } from 'mailwright'
import { createFlags, readFlags, readFully, writeFully } from 'mailwright/disk'
import { fileMode, openNew, openToRead } from '../files/durable-file.ts'
import { type FileStatus, type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { inGroups } from '../files/groups.ts'
import { CrlfMeter, toCrlf } from '../files/line-ends.ts'
import {
  type FileOctets,
  type MeasuredFile,
  measureIn,
  octetsIn,
  resultsOf,
  statusIn,
} from './file-batch-answers.ts'
import type { FileCall } from './file-batch-task.ts'
import { type BatchCalls, FileBatchThreads } from './file-batch-threads.ts'

/** Operations on many files at once. They happen in any order; each is over when the answer comes. */
export interface FileBatches {
  /** Makes each second name another one of the first's file. */
  link(pairs: readonly FilePair[]): Promise<FileOutcomes>
  rename(pairs: readonly FilePair[]): Promise<FileOutcomes>
  unlink(paths: readonly string[]): Promise<FileOutcomes>
  /** Makes each file with its octets, which are not durable by that. One that cannot be written whole is not there. */
  create(files: readonly NewFile[]): Promise<FileOutcomes>
  /** Makes the octets of each file durable (fdatasync). */
  sync(paths: readonly string[]): Promise<FileOutcomes>
  /** What is at each path, symbolic links as such (lstat). */
  status(paths: readonly string[]): Promise<FileResults<FileStatus>>
  /** Opens each file, but no symbolic link, and reads plain files of up to `most` octets. */
  read(paths: readonly string[], most: number): Promise<FileResults<FileOctets>>
  /** The same with CRLF line ends, whatever they have; so that the status tells another size. */
  readCrlf(paths: readonly string[], most: number): Promise<FileResults<FileOctets>>
  /** Reads each file whole, but no symbolic link, and counts. */
  measure(paths: readonly string[]): Promise<FileResults<MeasuredFile>>
  /** Somebody will soon have batches: makes ready what they need, without waiting for it. */
  expect(): void
  /** Gives back what batches need. The next one takes it again. */
  end(): void
}

export type FilePair = readonly [from: string, to: string]

/** A file that is to be there. */
export interface NewFile {
  readonly path: string
  readonly octets: Buffer
}

/** What became of each: undefined, or the error as the file system gives it. */
export type FileOutcomes = readonly unknown[]

/** What came of each: a value, or the error as the file system gives it. */
export type FileResults<T> = readonly PromiseSettledResult<T>[]

/** The same, as results without values. */
export function resultsOfAll(outcomes: FileOutcomes): FileResults<void> {
  return outcomes.map((reason) =>
    reason === undefined ? { status: 'fulfilled', value: undefined } : { status: 'rejected', reason },
  )
}

/** The first error; undefined where all went well. */
export function firstFailure(outcomes: FileOutcomes): unknown {
  return outcomes.find((outcome) => outcome !== undefined)
}

// Below it, asking another thread costs more than it spares.
const leastToChange = 24
const leastToLookAt = 3
// As many take about as long, one by one, as the start of a thread.
const leastToMeasure = 24

/** Batches on a file system: the machine's own files by a thread, in a fraction of the time. */
export function fileBatches(
  files: FileSystem,
  log?: Log,
  threads: FileBatchThreads = new FileBatchThreads(),
): FileBatches {
  const single = singleCalls(files)
  return files === nodeFileSystem ? threadCalls(single, threads, log) : single
}

function threadCalls(single: FileBatches, threads: FileBatchThreads, log: Log | undefined): FileBatches {
  let wasTold = false
  /** Whether so many calls are for a thread: not where the system has none left. */
  const areFor = (count: number, least: number): boolean => {
    if (count < least) return false
    try {
      threads.ensure()
      return true
    } catch (error) {
      if (!wasTold) log?.warn('unavailable', { problem: 'files are changed one by one', error })
      wasTold = true
      return false
    }
  }
  /** Whether a thread is there. Nobody waits for its start who only looks: it is started for those who come later. */
  const isThere = (paths: readonly string[], least = leastToLookAt): boolean => {
    if (!threads.isReady && paths.length >= least) threads.start()
    return threads.isReady
  }
  const change = async (
    kind: FileCall,
    paths: readonly string[],
    more: Partial<BatchCalls> = {},
  ): Promise<FileOutcomes> => {
    const results = resultsOf(await threads.run({ ...more, kind, paths }), { kind, paths }, () => undefined)
    return results.map((result) => (result.status === 'rejected' ? result.reason : undefined))
  }
  const read = async (
    kind: FileCall,
    paths: readonly string[],
    most: number,
  ): Promise<FileResults<FileOctets>> => {
    const calls: BatchCalls = { kind, paths, flags: readFlags, most }
    return resultsOf(await threads.run(calls), calls, octetsIn())
  }
  return {
    link: (pairs) =>
      areFor(pairs.length, leastToChange) ? change('link', pairs.flat()) : single.link(pairs),
    rename: (pairs) =>
      areFor(pairs.length, leastToChange) ? change('rename', pairs.flat()) : single.rename(pairs),
    unlink: (paths) => (areFor(paths.length, leastToChange) ? change('unlink', paths) : single.unlink(paths)),
    create(files) {
      const paths = files.map(({ path }) => path)
      if (!isThere(paths, 1)) return single.create(files)
      const octets = files.map((file) => file.octets)
      return change('create', paths, { flags: createFlags, mode: fileMode, octets })
    },
    sync: (paths) => (isThere(paths) ? change('sync', paths, { flags: readFlags }) : single.sync(paths)),
    async status(paths) {
      if (paths.length < leastToLookAt || !isThere(paths)) return single.status(paths)
      const calls: BatchCalls = { kind: 'status', paths }
      return resultsOf(await threads.run(calls), calls, statusIn)
    },
    read: (paths, most) => (isThere(paths) ? read('read', paths, most) : single.read(paths, most)),
    readCrlf: (paths, most) =>
      isThere(paths) ? read('readCrlf', paths, most) : single.readCrlf(paths, most),
    async measure(paths) {
      if (!isThere(paths) && !areFor(paths.length, leastToMeasure)) return single.measure(paths)
      const calls: BatchCalls = { kind: 'measure', paths, flags: readFlags }
      return resultsOf(await threads.run(calls), calls, measureIn)
    },
    expect: () => {
      if (!threads.isReady) threads.start()
    },
    end: () => threads.end(),
  }
}

/** Batches as so many calls. */
function singleCalls(files: FileSystem): FileBatches {
  const each = async <Item, T>(
    items: readonly Item[],
    run: (item: Item) => Promise<T>,
  ): Promise<FileResults<T>> => {
    const results: PromiseSettledResult<T>[] = new Array(items.length)
    await inGroups([...items.entries()], async ([at, item]) => {
      const [result] = await Promise.allSettled([run(item)])
      results[at] = result
    })
    return results
  }
  const change = async <Item>(
    items: readonly Item[],
    run: (item: Item) => Promise<void>,
  ): Promise<FileOutcomes> => {
    const results = await each(items, run)
    return results.map((result) => (result.status === 'rejected' ? result.reason : undefined))
  }
  return {
    link: (pairs) => change(pairs, ([from, to]) => files.link(from, to)),
    rename: (pairs) => change(pairs, ([from, to]) => files.rename(from, to)),
    unlink: (paths) => change(paths, (path) => files.unlink(path)),
    create: (made) => change(made, (file) => create(files, file)),
    sync: (paths) => change(paths, (path) => sync(files, path)),
    status: (paths) => each(paths, (path) => files.lstat(path)),
    read: (paths, most) => each(paths, (path) => readWhole(files, path, most)),
    readCrlf: (paths, most) =>
      each(paths, async (path) => {
        const { status, octets } = await readWhole(files, path, most)
        return { status, octets: octets && toCrlf(octets, false) }
      }),
    measure: (paths) => each(paths, (path) => measure(files, path)),
    expect: () => undefined,
    end: () => undefined,
  }
}

async function readWhole(files: FileSystem, path: string, most: number): Promise<FileOctets> {
  const file = await openToRead(files, path)
  try {
    const status = await file.stat()
    const isWanted = status.isFile() && status.size <= most
    return { status, octets: isWanted ? await readFully(file, status.size, 0) : undefined }
  } finally {
    await file.close()
  }
}

async function create(files: FileSystem, { path, octets }: NewFile): Promise<void> {
  const file = await openNew(files, path)
  try {
    try {
      await writeFully(file, octets, 0)
    } finally {
      await file.close()
    }
  } catch (error) {
    await files.unlink(path).catch(() => undefined)
    throw error
  }
}

async function sync(files: FileSystem, path: string): Promise<void> {
  const file = await openToRead(files, path)
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

const chunkSize = 256 * 1024

async function measure(files: FileSystem, path: string): Promise<MeasuredFile> {
  const status = await files.lstat(path)
  if (!status.isFile()) return { status, crlfOctets: undefined }
  const meter = new CrlfMeter()
  const file = await openToRead(files, path)
  try {
    for (;;) {
      const left = Math.max(1, status.size - meter.octets)
      const chunk = await readFully(file, Math.min(chunkSize, left), meter.octets)
      if (chunk.length === 0) return { status, crlfOctets: meter.crlfOctets }
      meter.add(chunk)
    }
  } finally {
    await file.close()
  }
}
