import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { UnavailableError } from 'mailwright'
import type { BatchAnswer, BatchTask } from './file-batch-worker.ts'

// The extension is the one that this file has: .ts as it is, .js when it was built.
const ownEntry = new URL(`./file-batch-worker${extname(import.meta.url)}`, import.meta.url)

// Of one task: several mailboxes take turns.
const atOnce = 500
/** Milliseconds without work after which the thread ends. */
const patience = 30_000

/**
 * A thread that makes many calls to the file system one after the other. A call costs it what it costs; asked for one by
 * one each would cost as much again, on both sides. It is started when it is needed, and does not keep the process alive.
 */
export class FileBatchThread {
  readonly #entry: URL
  readonly #waiting = new Map<number, PromiseWithResolvers<BatchAnswer>>()
  #worker: Worker | undefined
  #last = 0
  #rest: NodeJS.Timeout | undefined

  constructor(entry: URL = ownEntry) {
    this.#entry = entry
  }

  /** The error of each call, or undefined. MAIL_E_UNAVAILABLE where the thread died; then nobody knows what it did. */
  async run(kind: BatchTask['kind'], calls: readonly (readonly string[])[]): Promise<readonly unknown[]> {
    const outcomes: unknown[] = new Array(calls.length).fill(undefined)
    for (let from = 0; from < calls.length; from += atOnce) {
      const { failures } = await this.#ask(kind, calls.slice(from, from + atOnce))
      for (const [at, code] of failures) outcomes[from + at] = failure(kind, code, calls[from + at])
    }
    return outcomes
  }

  #ask(kind: BatchTask['kind'], calls: readonly (readonly string[])[]): Promise<BatchAnswer> {
    const worker = this.#awake()
    this.#last += 1
    const answer = Promise.withResolvers<BatchAnswer>()
    this.#waiting.set(this.#last, answer)
    worker.postMessage({ number: this.#last, kind, calls } satisfies BatchTask)
    return answer.promise
  }

  #awake(): Worker {
    clearTimeout(this.#rest)
    this.#worker ??= this.#start()
    this.#worker.ref()
    return this.#worker
  }

  #start(): Worker {
    const worker = new Worker(this.#entry, {
      name: 'mailwright-maildir',
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
    })
    worker.on('message', (answer: BatchAnswer) => this.#answered(worker, answer))
    let cause: unknown
    worker.on('error', (error) => {
      cause = error
    })
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined
      for (const { reject } of this.#waiting.values())
        reject(new UnavailableError('the thread for files ended', { cause }))
      this.#waiting.clear()
    })
    return worker
  }

  #answered(worker: Worker, answer: BatchAnswer): void {
    this.#waiting.get(answer.number)?.resolve(answer)
    this.#waiting.delete(answer.number)
    if (this.#waiting.size > 0) return
    worker.unref()
    this.#rest = setTimeout(() => this.#end(worker), patience).unref()
  }

  #end(worker: Worker): void {
    if (this.#worker === worker) this.#worker = undefined
    void worker.terminate()
  }
}

/** An error as the file system's own. */
function failure(syscall: string, code: string, paths: readonly string[] = []): Error {
  const [path, dest] = paths
  const facts = dest === undefined ? { code, syscall, path } : { code, syscall, path, dest }
  return Object.assign(new Error(`${code}: ${syscall} ${paths.join(' -> ')}`), facts)
}
