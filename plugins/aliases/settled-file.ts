import type { Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { type Clock, wait } from 'mailwright'

/** A file at one moment. Times are milliseconds since 1970, by the clock of the file system. */
export interface FileState {
  readonly inode: number
  /** Undefined where the file system does not say. */
  readonly bornAt: number | undefined
  readonly changedAt: number
  /** What gets another name has a change later than the last writing; a file that is made in its place has not. */
  readonly isMoved: boolean
  /** Changes whenever the file is written or replaced. */
  readonly mark: string
}

/** Milliseconds for which nobody has written to a file of which the whole is believed to be there. */
const quietFor = 1_000
/** Milliseconds by which the clock of a file server may differ from ours: what has changed since may be being written. */
const clockDifference = 10_000
/** A file that is written all the time is waited for no longer than so many times. */
const mostWaits = 2
/** Milliseconds after which it is taken as it is. */
export const patience = 180_000
/** Octets; some million entries. */
const largest = 256 * 2 ** 20
/** Octets that are decoded at once. */
const portion = 262_144

/** A file that others write: whether what is there is the whole of it. */
export class SettledFile {
  readonly #path: string
  /** Of the monotonic clock: since when it was never seen quiet. */
  #writtenSince: number | undefined
  /** The same for what the open file says, which some file systems never let agree with the path. */
  #differsSince: number | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Undefined while it is being written. `known` is its state when it was read last. Rejects as `stat` does. */
  async state(clock: Clock, known: FileState | undefined): Promise<FileState | undefined> {
    const settled = await this.#settled(clock, known)
    if (settled !== undefined) {
      this.#writtenSince = undefined
      return settled
    }
    this.#writtenSince ??= clock.monotonic()
    return this.isNeverQuiet(clock) ? stateOf(this.#path) : undefined
  }

  /**
   * Its text in that state, in portions; undefined where somebody has written to it since, or put another in its place. RangeError where it is too
   * large, TypeError where it is no UTF-8; rejects as the system does.
   */
  async text({ mark }: FileState, clock: Clock): Promise<readonly string[] | undefined> {
    const file = await open(this.#path, 'r')
    try {
      const text = await readText(file)
      const isSame = stateFrom(await file.stat()).mark === mark
      this.#differsSince = isSame ? undefined : (this.#differsSince ?? clock.monotonic())
      const isLong = this.isNeverQuiet(clock) || isPast(this.#differsSince, clock)
      return isSame || isLong ? text : undefined
    } finally {
      await file.close()
    }
  }

  /** It was not quiet for minutes: what is there may be half of it. */
  isNeverQuiet(clock: Clock): boolean {
    return isPast(this.#writtenSince, clock)
  }

  async #settled(clock: Clock, known: FileState | undefined): Promise<FileState | undefined> {
    let state = await stateOf(this.#path)
    for (let waits = 0; waits < mostWaits && !isWhole(state, clock, known); waits++) {
      await wait(clock, quietFor)
      const next = await stateOf(this.#path)
      if (next.mark === state.mark) return next
      state = next
    }
    return isWhole(state, clock, known) ? state : undefined
  }
}

function isPast(since: number | undefined, clock: Clock): boolean {
  return since !== undefined && clock.monotonic() - since >= patience
}

/** Whoever puts another file in the place of one writes it first; an editor that makes a new one writes it there. */
function isWhole(state: FileState, clock: Clock, known: FileState | undefined): boolean {
  if (clock.now() - state.changedAt >= clockDifference) return true
  return known !== undefined && (state.mark === known.mark || (state.isMoved && isAnother(state, known)))
}

/** The number of an inode is soon used again. */
function isAnother(one: FileState, other: FileState): boolean {
  if (one.inode !== other.inode) return true
  return one.bornAt !== undefined && other.bornAt !== undefined && one.bornAt !== other.bornAt
}

async function stateOf(path: string): Promise<FileState> {
  return stateFrom(await stat(path))
}

function stateFrom({ ino, size, mtimeMs, ctimeMs, birthtimeMs }: Stats): FileState {
  return {
    inode: ino,
    // Where none is kept, Node.js gives zero or the time of the last change.
    bornAt: birthtimeMs === 0 || birthtimeMs === ctimeMs ? undefined : birthtimeMs,
    changedAt: Math.max(mtimeMs, ctimeMs),
    isMoved: ctimeMs > mtimeMs,
    mark: `${ino} ${size} ${mtimeMs} ${ctimeMs}`,
  }
}

async function readText(file: FileHandle): Promise<readonly string[]> {
  const { size } = await file.stat()
  if (size > largest) throw new RangeError(`it has more than ${largest} octets`)
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  const octets = Buffer.alloc(Math.min(size, portion))
  const text: string[] = []
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(octets, 0, Math.min(size - at, portion), at)
    if (bytesRead === 0) break
    text.push(utf8.decode(octets.subarray(0, bytesRead), { stream: true }))
    at += bytesRead
  }
  return [...text, utf8.decode()]
}
