import {
  type Found,
  PatternThread,
  type SearchAnswer,
  type StoppedSearch,
  type ThreadRule,
} from './pattern-thread.ts'
import type { SearchTime } from './search-time.ts'
import { SlowPatternError } from './slow-pattern.ts'

export interface PatternRule extends ThreadRule {
  /** Where it is written, as in `line 7`. */
  readonly place: string
  readonly value: string
}

/** Milliseconds that every search may take, and those that each rule adds: some twenty times what a compiled one takes. */
const honestSearch = 10
const honestRule = 0.02
/** Milliseconds more that one may take that has not ended by then, when nobody else waits. */
const longerSearch = 100
/** Keys of one task: more make it no cheaper. */
const keysAtOnce = 200

interface Waiting extends PromiseWithResolvers<SearchAnswer> {
  readonly key: string
}

/**
 * Searches the patterns of a table in a thread of their own, so that nothing but other searches ever waits for one; of
 * these, those that have taken too long before wait for all the others.
 */
export class PatternSearch {
  readonly #rules: readonly PatternRule[]
  readonly #time: SearchTime
  readonly #honest: number
  readonly #quick: Waiting[] = []
  readonly #patient: Waiting[] = []
  #isBusy = false
  #endsWhenIdle = false
  #thread: PatternThread | undefined

  constructor(rules: readonly PatternRule[], time: SearchTime) {
    this.#rules = rules
    this.#time = time
    this.#honest = Math.ceil(honestSearch + honestRule * rules.length)
  }

  /** MAIL_E_UNAVAILABLE where a pattern takes too long, or the thread has ended. */
  async search(key: string): Promise<Found> {
    const first = await this.#inTurn(this.#quick, key)
    if ('found' in first) return first.found
    this.#time.add(first.took)
    if (this.#time.isUsedUp) throw this.#tooSlow(first)
    const second = await this.#inTurn(this.#patient, key)
    if ('found' in second) return second.found
    this.#time.add(second.took)
    throw this.#tooSlow(second)
  }

  /** Ends the thread when nobody waits for it; a later search begins another. */
  close(): void {
    this.#endsWhenIdle = true
    if (!this.#isBusy) this.#endThread()
  }

  #tooSlow({ culprit }: StoppedSearch): SlowPatternError {
    return new SlowPatternError(culprit === undefined ? undefined : this.#rules[culprit]?.place)
  }

  #inTurn(line: Waiting[], key: string): Promise<SearchAnswer> {
    const waiting = { key, ...Promise.withResolvers<SearchAnswer>() }
    line.push(waiting)
    if (!this.#isBusy) void this.#work()
    return waiting.promise
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    this.#isBusy = true
    while (this.#quick.length + this.#patient.length > 0) {
      if (this.#quick.length > 0) await this.#ask(this.#quick, keysAtOnce, this.#honest)
      else await this.#ask(this.#patient, 1, this.#honest + longerSearch)
    }
    this.#isBusy = false
    if (this.#endsWhenIdle) this.#endThread()
  }

  async #ask(line: Waiting[], most: number, timeout: number): Promise<void> {
    const asked = line.slice(0, most)
    try {
      if (this.#thread === undefined || this.#thread.hasEnded) this.#thread = new PatternThread(this.#rules)
      const answers = await this.#thread.ask({ keys: asked.map(({ key }) => key), timeout })
      line.splice(0, answers.length)
      for (const [at, answer] of answers.entries()) asked[at]?.resolve(answer)
    } catch (error) {
      line.splice(0, asked.length)
      for (const waiting of asked) waiting.reject(error)
    }
  }

  #endThread(): void {
    this.#endsWhenIdle = false
    this.#thread?.end()
    this.#thread = undefined
  }
}
