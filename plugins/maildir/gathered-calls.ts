import type { FileResults } from './file-batches.ts'

interface Waiting<Call, T> {
  readonly call: Call
  readonly answer: PromiseWithResolvers<T>
}

/** Calls on files: those that are asked for at the same moment, by whomever, are made as one batch. */
export class GatheredCalls<Call, T> {
  readonly #run: (calls: readonly Call[]) => Promise<FileResults<T>>
  readonly #atOnce: number
  #waiting: Waiting<Call, T>[] = []

  /** `run` makes `atOnce` calls at most. */
  constructor(run: (calls: readonly Call[]) => Promise<FileResults<T>>, atOnce: number) {
    this.#run = run
    this.#atOnce = atOnce
  }

  /** Rejects as the file system does. */
  ask(call: Call): Promise<T> {
    const answer = Promise.withResolvers<T>()
    // When everything has been done that waits for nothing, all are there that are asked for now.
    if (this.#waiting.push({ call, answer }) === 1) process.nextTick(() => this.#make())
    return answer.promise
  }

  #make(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (let from = 0; from < waiting.length; from += this.#atOnce)
      void this.#answer(waiting.slice(from, from + this.#atOnce))
  }

  async #answer(waiting: readonly Waiting<Call, T>[]): Promise<void> {
    try {
      const results = await this.#run(waiting.map(({ call }) => call))
      for (const [at, { answer }] of waiting.entries()) {
        const result = results[at]
        if (result?.status === 'fulfilled') answer.resolve(result.value)
        else answer.reject(result?.reason)
      }
    } catch (error) {
      for (const { answer } of waiting) answer.reject(error)
    }
  }
}
