import type { FileResults } from './file-batches.ts'

interface Waiting<Call, T> {
  readonly call: Call
  readonly answer: PromiseWithResolvers<T>
}

/** Calls on files: those that are asked for at the same moment, by whomever, are made as one batch. */
export class GatheredCalls<Call, T> {
  readonly #run: (calls: readonly Call[]) => Promise<FileResults<T>>
  readonly #atOnce: number
  readonly #most: number
  #waiting: Waiting<Call, T>[] = []
  #underWay = 0

  /** `run` makes `atOnce` calls at most. While so many batches are under way (`most`), what is asked for waits for the next. */
  constructor(
    run: (calls: readonly Call[]) => Promise<FileResults<T>>,
    atOnce: number,
    most: number = Number.POSITIVE_INFINITY,
  ) {
    this.#run = run
    this.#atOnce = atOnce
    this.#most = most
  }

  /** Rejects as the file system does. */
  ask(call: Call): Promise<T> {
    const answer = Promise.withResolvers<T>()
    // When everything has been done that waits for nothing, all are there that are asked for now.
    if (this.#waiting.push({ call, answer }) === 1) process.nextTick(() => this.#make())
    return answer.promise
  }

  #make(): void {
    while (this.#waiting.length > 0 && this.#underWay < this.#most)
      void this.#answer(this.#waiting.splice(0, this.#atOnce))
  }

  async #answer(waiting: readonly Waiting<Call, T>[]): Promise<void> {
    this.#underWay += 1
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
    this.#underWay -= 1
    this.#make()
  }
}
