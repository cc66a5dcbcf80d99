import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Pacer, UnavailableError } from 'mailwright'

/** What the thread needs of a rule. */
export interface ThreadRule {
  readonly kind: 'pattern' | 'if' | 'endif'
  readonly source: string
  readonly flags: string
  readonly negated: boolean
}

export interface SearchTask {
  readonly keys: readonly string[]
  /** Milliseconds, of the first key. */
  readonly timeout: number
}

/** The number of the rule that matches, and its groups. */
export type Found = readonly [at: number, ...groups: (string | undefined)[]] | undefined

/** A search that took too long. */
export interface StoppedSearch {
  /** The rule that took most of the time alone, where there is one. */
  readonly culprit: number | undefined
  /** The milliseconds of the processor that all of them had. */
  readonly took: number
}

export type SearchAnswer = { readonly found: Found } | StoppedSearch

type Answers = readonly SearchAnswer[]

const rulesAtOnce = 1_000

const program = new URL(`./pattern-worker${extname(import.meta.url)}`, import.meta.url)

/** A thread with the patterns of one table, compiled. It keeps no process alive but while it is asked. */
export class PatternThread {
  readonly #worker: Worker
  readonly #handedOver: Promise<void>
  #failure: UnavailableError | undefined
  #answers: PromiseWithResolvers<Answers> | undefined

  /** MAIL_E_UNAVAILABLE where the system has no thread left. */
  constructor(rules: readonly ThreadRule[]) {
    try {
      this.#worker = new Worker(program, { name: 'mailwright-patterns', execArgv: [] })
    } catch (cause) {
      throw new UnavailableError('there is no thread for patterns', { cause })
    }
    this.#worker
      .on('message', (answers: Answers) => this.#answers?.resolve(answers))
      .on('error', (cause) => this.#fail(cause))
      .on('exit', () => this.#fail())
    this.#handedOver = this.#handOver(rules)
  }

  get hasEnded(): boolean {
    return this.#failure !== undefined
  }

  /** One task at a time. Answers for the first of the keys, one at least; the others are to be asked again. MAIL_E_UNAVAILABLE. */
  async ask(task: SearchTask): Promise<Answers> {
    this.#worker.ref()
    try {
      await this.#handedOver
      if (this.#failure !== undefined) throw this.#failure
      this.#answers = Promise.withResolvers()
      this.#worker.postMessage(task)
      return await this.#answers.promise
    } finally {
      this.#worker.unref()
    }
  }

  end(): void {
    void this.#worker.terminate()
  }

  /** What a thread is given it takes in its order: it searches when it has all of them. */
  async #handOver(rules: readonly ThreadRule[]): Promise<void> {
    const pacer = new Pacer()
    for (let from = 0; from < rules.length && !this.hasEnded; from += rulesAtOnce) {
      const some = rules.slice(from, from + rulesAtOnce)
      const needed = some.map(({ kind, source, flags, negated }) => ({ kind, source, flags, negated }))
      this.#worker.postMessage({ rules: needed })
      if (pacer.isDue) await pacer.rest()
    }
  }

  #fail(cause?: unknown): void {
    this.#failure ??= new UnavailableError('the thread for patterns ended', { cause })
    this.#answers?.reject(this.#failure)
  }
}
