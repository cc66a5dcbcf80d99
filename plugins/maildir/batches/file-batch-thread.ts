import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { UnavailableError } from 'mailwright'
import type { BatchAnswer, BatchTask, FileCall, MessageWork } from './file-batch-task.ts'

/** What is handed over goes away here: octets that others still need are copied. */
function inOnePlace(parts: readonly Buffer[]): ArrayBuffer {
  const place = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let filled = 0
  for (const part of parts) {
    place.set(part, filled)
    filled += part.length
  }
  return place.buffer
}

/** What runs in a thread. */
export interface ThreadProgram {
  readonly entry: URL
  /** For people who look at the process. */
  readonly name: string
  /** MiB of memory that it may take for what it keeps, and for what is new: a collection of that costs less the more it has. */
  readonly memory: { readonly kept: number; readonly fresh: number }
  /** Whether Node.js runs it with the process's own options: only then it finds other packages as the process does. */
  readonly inherits: boolean
}

/** Calls on files. */
export const filesProgram: ThreadProgram = {
  entry: besides('file-batch-worker'),
  name: 'mailwright-maildir',
  memory: { kept: 32, fresh: 4 },
  inherits: false,
}

/** Summaries and signatures of messages. */
export const messagesProgram: ThreadProgram = {
  entry: besides('message-worker'),
  name: 'mailwright-messages',
  memory: { kept: 96, fresh: 48 },
  inherits: true,
}

/** The extension is the one that this file has: .ts as it is, .js when it was built. */
function besides(name: string): URL {
  return new URL(`./${name}${extname(import.meta.url)}`, import.meta.url)
}

/** Milliseconds without work after which the thread ends. */
const patience = 30_000

type AnyTask = BatchTask<FileCall | MessageWork>

/** What the thread is to do. */
export interface BatchRequest extends Pick<AnyTask, 'kind' | 'flags' | 'mode' | 'most'> {
  /** Of all calls one after the other. */
  readonly paths: readonly string[]
  /** What new files are to have. They are copied. */
  readonly octets?: readonly Buffer[]
}

type Waiting = Map<number, PromiseWithResolvers<BatchAnswer>>

/**
 * A thread that makes many calls to the file system one after the other. A call costs it what it costs; asked for one by
 * one each would cost as much again, on both sides. It is started when it is needed, and does not keep the process alive.
 */
export class FileBatchThread {
  readonly #program: ThreadProgram
  /** For the thread that runs. */
  #waiting: Waiting = new Map()
  #worker: Worker | undefined
  #last = 0
  #rest: NodeJS.Timeout | undefined
  #answered = 0
  #isToEnd = false
  #isReady = false

  constructor(program: ThreadProgram = filesProgram) {
    this.#program = program
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

  /** Starts it where it does not run. MAIL_E_UNAVAILABLE where the system has no thread left (EAGAIN). */
  start(): Worker {
    try {
      this.#worker ??= this.#start()
      return this.#worker
    } catch (cause) {
      throw new UnavailableError('no thread for files can be started', { cause })
    }
  }

  /** MAIL_E_UNAVAILABLE where it cannot be started, and where it died; then nobody knows what it did. */
  async ask({ paths, octets, ...request }: BatchRequest): Promise<BatchAnswer> {
    this.#isToEnd = false
    const worker = this.start()
    this.#last += 1
    const answer = Promise.withResolvers<BatchAnswer>()
    const task = { ...request, number: this.#last, paths: paths.join('\0'), count: paths.length }
    if (octets === undefined) worker.postMessage(task satisfies AnyTask)
    else {
      const all = inOnePlace(octets)
      const sizes = octets.map(({ length }) => length)
      worker.postMessage({ ...task, sizes, octets: all } satisfies AnyTask, [all])
    }
    // The answer comes later than this turn of the event loop.
    if (this.tasks === 0) {
      worker.ref()
      this.#answered = performance.now()
    }
    this.#waiting.set(this.#last, answer)
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
    const { entry, name, memory, inherits } = this.#program
    const worker = new Worker(entry, {
      name,
      ...(inherits ? {} : { execArgv: [] }),
      resourceLimits: { maxOldGenerationSizeMb: memory.kept, maxYoungGenerationSizeMb: memory.fresh },
    })
    // Nobody else needs to keep the process alive for it until it is asked.
    worker.unref()
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
