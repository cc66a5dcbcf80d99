import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { UnavailableError } from 'mailwright'
import type { BatchAnswer, BatchTask } from './file-batch-task.ts'

// The extension is the one that this file has: .ts as it is, .js when it was built.
const ownEntry = new URL(`./file-batch-worker${extname(import.meta.url)}`, import.meta.url)

/** Milliseconds without work after which the thread ends. */
const patience = 30_000

/** What the thread is to do. */
export interface BatchRequest extends Pick<BatchTask, 'kind' | 'flags' | 'most'> {
  /** Of all calls one after the other. */
  readonly paths: readonly string[]
}

type Waiting = Map<number, PromiseWithResolvers<BatchAnswer>>

/**
 * A thread that makes many calls to the file system one after the other. A call costs it what it costs; asked for one by
 * one each would cost as much again, on both sides. It is started when it is needed, and does not keep the process alive.
 */
export class FileBatchThread {
  readonly #entry: URL
  /** For the thread that runs. */
  #waiting: Waiting = new Map()
  #worker: Worker | undefined
  #last = 0
  #rest: NodeJS.Timeout | undefined
  #answered = 0
  #isToEnd = false
  #isReady = false

  constructor(entry: URL = ownEntry) {
    this.#entry = entry
  }

  /** Whether it runs and has answered before. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** How many tasks it has. */
  get tasks(): number {
    return this.#waiting.size
  }

  /** Milliseconds that the task at hand has taken up to now. */
  get delay(): number {
    return this.tasks === 0 ? 0 : performance.now() - this.#answered
  }

  /** MAIL_E_UNAVAILABLE where the thread died; then nobody knows what it did. */
  ask({ paths, ...request }: BatchRequest): Promise<BatchAnswer> {
    this.#isToEnd = false
    this.#worker ??= this.#start()
    if (this.tasks === 0) {
      this.#worker.ref()
      this.#answered = performance.now()
    }
    this.#last += 1
    const answer = Promise.withResolvers<BatchAnswer>()
    this.#waiting.set(this.#last, answer)
    const task = { ...request, number: this.#last, paths: paths.join('\0'), count: paths.length }
    this.#worker.postMessage(task satisfies BatchTask)
    return answer.promise
  }

  /** Ends the thread as soon as it has nothing to do. A task after that starts another one. */
  end(): void {
    this.#isToEnd = this.tasks > 0
    if (this.#isToEnd) return
    clearTimeout(this.#rest)
    this.#rest = undefined
    const worker = this.#worker
    this.#forget()
    void worker?.terminate()
  }

  #forget(): void {
    this.#worker = undefined
    this.#isReady = false
  }

  #start(): Worker {
    const worker = new Worker(this.#entry, {
      name: 'mailwright-maildir',
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
    })
    const waiting: Waiting = new Map()
    this.#waiting = waiting
    worker.on('message', (answer: BatchAnswer) => {
      waiting.get(answer.number)?.resolve(answer)
      waiting.delete(answer.number)
      this.#answered = performance.now()
      this.#isReady = this.#worker === worker
      if (waiting.size === 0) this.#letRest(worker)
    })
    let cause: unknown
    worker.on('error', (error) => {
      cause = error
    })
    worker.on('exit', () => {
      if (this.#worker === worker) this.#forget()
      for (const { reject } of waiting.values())
        reject(new UnavailableError('the thread for files ended', { cause }))
      waiting.clear()
    })
    return worker
  }

  #letRest(worker: Worker): void {
    worker.unref()
    if (this.#isToEnd) {
      this.end()
      return
    }
    this.#rest ??= setTimeout(() => {
      if (this.tasks === 0) this.end()
    }, patience).unref()
    this.#rest.refresh()
  }
}
