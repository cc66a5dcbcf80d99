import { availableParallelism } from 'node:os'
import type { BatchAnswer, BatchTask, FileCall } from './file-batch-task.ts'
import { FileBatchThread } from './file-batch-thread.ts'

// As many as Node.js has for single calls.
const mostThreads = 4
/** Milliseconds after which a task is thought to wait for the disk. */
const longestTask = 10
// Calls of one task: several mailboxes take turns.
const atOnce = 500
// Files to be measured without a rest, in the time that another thread takes to start.
const worthAStart = 2500

/** The calls of a batch. */
export interface BatchCalls extends Pick<BatchTask, 'flags' | 'mode' | 'most'> {
  readonly kind: FileCall
  /** Of all calls one after the other. */
  readonly paths: readonly string[]
  /** What new files are to have. */
  readonly octets?: readonly Buffer[]
}

/** The answer to some of the calls, from the one with this number on. */
export interface BatchPart {
  readonly from: number
  readonly count: number
  readonly answer: BatchAnswer
}

/** Threads for files: one, and further ones while the disk lets those before wait, or where they have much to compute. */
export class FileBatchThreads {
  readonly #make: () => FileBatchThread
  readonly #threads: FileBatchThread[]
  readonly #processors: number
  /** Files that were to be measured since there was nothing to do. */
  #measured = 0

  constructor(
    make = (): FileBatchThread => new FileBatchThread(),
    processors: number = availableParallelism(),
  ) {
    this.#make = make
    this.#processors = processors
    this.#threads = [make()]
  }

  /** How many were ever needed at once. */
  get count(): number {
    return this.#threads.length
  }

  /** Whether what is asked now need not wait for the start of a thread. */
  get isReady(): boolean {
    return this.#threads.some((thread) => thread.isReady)
  }

  /** Starts a thread for those who come later. */
  start(): void {
    const [first] = this.#threads
    // Where it cannot be started, whoever needs it learns why.
    if (first?.tasks === 0) first.ask({ kind: 'status', paths: [] }).catch(() => undefined)
  }

  /** Makes sure that there is one to be asked. MAIL_E_UNAVAILABLE where none can be started. */
  ensure(): void {
    if (!this.isReady) this.#least().start()
  }

  /** MAIL_E_UNAVAILABLE where a thread died; then nobody knows what it did. */
  async run({ paths, octets, ...task }: BatchCalls): Promise<readonly BatchPart[]> {
    const parts: BatchPart[] = []
    const each = pathsOfCall(task.kind)
    const calls = paths.length / each
    for (let from = 0; from < calls; from += atOnce) {
      const count = Math.min(atOnce, calls - from)
      const of = paths.slice(from * each, (from + count) * each)
      const part = { ...task, paths: of, ...(octets && { octets: octets.slice(from, from + count) }) }
      if (this.#threads.every(({ tasks }) => tasks === 0)) this.#measured = 0
      if (task.kind === 'measure') this.#measured += count
      parts.push({ from, count, answer: await this.#free(task.kind).ask(part) })
    }
    return parts
  }

  /** Ends all of them as soon as they have nothing to do. */
  end(): void {
    for (const thread of this.#threads) thread.end()
  }

  /** The one with the least to do. */
  #free(kind: FileCall): FileBatchThread {
    const free = this.#least()
    // One that starts keeps nobody from the disk.
    if (!free.isReady) return canStart(free) ? free : (this.#threads.find(({ isReady }) => isReady) ?? free)
    if (this.#threads.length === mostThreads) return free
    const isLong = kind === 'measure' && this.#measured > worthAStart
    const isBusy = isLong && free.tasks > 0 && this.#threads.length < this.#processors
    if (!isBusy && free.delay < longestTask) return free
    const another = this.#make()
    if (!canStart(another)) return free
    this.#threads.push(another)
    return another
  }

  #least(): FileBatchThread {
    return this.#threads.reduce((best, each) => (each.tasks < best.tasks ? each : best))
  }
}

/** Whether the system has a thread left where one is needed. */
function canStart(thread: FileBatchThread): boolean {
  try {
    thread.start()
    return true
  } catch {
    return false
  }
}

/** Paths that a call takes. */
export function pathsOfCall(kind: FileCall): number {
  return kind === 'link' || kind === 'rename' ? 2 : 1
}
