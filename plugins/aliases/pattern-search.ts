import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Pacer, UnavailableError } from 'mailwright'
import type { SearchTime } from './search-time.ts'
import { SlowPatternError } from './slow-pattern.ts'

export interface PatternRule {
  /** Where it is written, as in `line 7`. */
  readonly place: string
  readonly kind: 'pattern' | 'if' | 'endif'
  readonly source: string
  readonly flags: string
  readonly negated: boolean
  readonly value: string
}

export interface SearchTask {
  readonly key: string
  /** Milliseconds. */
  readonly timeout: number
}

/** The number of the rule that matches, and its groups. */
export type Found = readonly [at: number, ...groups: (string | undefined)[]] | undefined

export type SearchAnswer =
  | { readonly found: Found }
  /** The rule whose pattern took too long, and the milliseconds of the processor that all of them had. */
  | { readonly stoppedAt: number; readonly took: number }

/** Milliseconds that every search may take, and those that each rule adds: a large table takes its time for every key. */
const honestSearch = 10
const honestRule = 0.01
/** Milliseconds that one may take that has not ended by then, when nobody else waits. */
const longestSearch = 100
/** Milliseconds without a search after which the thread ends. */
const patience = 30_000
const rulesAtOnce = 1_000

const program = new URL(`./pattern-worker${extname(import.meta.url)}`, import.meta.url)

/**
 * Searches the patterns of a table in a thread of their own, so that nothing but other searches ever waits for one; of
 * these, those that have taken too long before wait for all the others.
 */
export class PatternSearch {
  readonly #rules: readonly PatternRule[]
  readonly #time: SearchTime
  readonly #quick: (() => void)[] = []
  readonly #patient: (() => void)[] = []
  #isBusy = false
  #worker: Worker | undefined
  #end: NodeJS.Timeout | undefined

  constructor(rules: readonly PatternRule[], time: SearchTime) {
    this.#rules = rules
    this.#time = time
  }

  /** MAIL_E_UNAVAILABLE where a pattern takes too long, or the thread has ended. */
  async search(key: string): Promise<Found> {
    const honest = Math.ceil(honestSearch + honestRule * this.#rules.length)
    const first = await this.#inTurn(this.#quick, { key, timeout: honest })
    if ('found' in first) return first.found
    this.#time.add(first.took)
    if (this.#time.isUsedUp || honest >= longestSearch) throw this.#tooSlow(first)
    const second = await this.#inTurn(this.#patient, { key, timeout: longestSearch })
    if ('found' in second) return second.found
    this.#time.add(second.took)
    throw this.#tooSlow(second)
  }

  #tooSlow({ stoppedAt }: { readonly stoppedAt: number }): SlowPatternError {
    return new SlowPatternError(this.#rules[stoppedAt]?.place ?? '')
  }

  async #inTurn(line: (() => void)[], task: SearchTask): Promise<SearchAnswer> {
    if (this.#isBusy) await new Promise<void>((resolve) => line.push(resolve))
    this.#isBusy = true
    try {
      return await this.#ask(task)
    } finally {
      const next = this.#quick.shift() ?? this.#patient.shift()
      this.#isBusy = next !== undefined
      next?.()
    }
  }

  async #ask(task: SearchTask): Promise<SearchAnswer> {
    const worker = this.#worker ?? (await this.#start())
    worker.ref()
    this.#end?.close()
    const answer = Promise.withResolvers<SearchAnswer>()
    const failed = (cause?: unknown) =>
      answer.reject(new UnavailableError('the thread for patterns ended', { cause }))
    const ended = () => failed()
    worker.once('message', answer.resolve).once('error', failed).once('exit', ended)
    worker.postMessage(task)
    try {
      return await answer.promise
    } finally {
      worker.off('message', answer.resolve).off('error', failed).off('exit', ended)
      this.#letRest(worker)
    }
  }

  async #start(): Promise<Worker> {
    const worker = new Worker(program, { name: 'mailwright-patterns', execArgv: [] })
    // Whoever waits for an answer is told, too.
    worker.on('error', () => undefined)
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined
    })
    this.#worker = worker
    const pacer = new Pacer()
    for (let from = 0; from < this.#rules.length; from += rulesAtOnce) {
      worker.postMessage({ rules: this.#rules.slice(from, from + rulesAtOnce) })
      if (pacer.isDue) await pacer.rest()
    }
    return worker
  }

  #letRest(worker: Worker): void {
    worker.unref()
    this.#end = setTimeout(() => {
      if (this.#isBusy || this.#worker !== worker) return
      this.#worker = undefined
      void worker.terminate()
    }, patience).unref()
  }
}
