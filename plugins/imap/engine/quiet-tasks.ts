/** Tasks that run one after the other and only while nothing else is done but waiting for the client. */
export class QuietTasks {
  readonly #tasks: (() => Promise<void>)[] = []
  #running: Promise<void> | undefined
  #isQuiet = false

  /** The task never rejects. */
  add(task: () => Promise<void>): void {
    this.#tasks.push(task)
    if (this.#isQuiet) this.#begin()
  }

  /** Waits for something, while tasks may run; resolves when none runs any more. */
  async during<T>(wait: () => Promise<T>): Promise<T> {
    this.#isQuiet = true
    if (this.#tasks.length > 0) this.#begin()
    try {
      return await wait()
    } finally {
      this.#isQuiet = false
      if (this.#running !== undefined) await this.#running
    }
  }

  #begin(): void {
    if (this.#running === undefined) this.#running = this.#run()
  }

  /** Is over in the very moment in which it finds nothing more to do: what is added then begins anew. */
  async #run(): Promise<void> {
    for (let task = this.#next(); task !== undefined; task = this.#next()) await task()
    this.#running = undefined
  }

  #next(): (() => Promise<void>) | undefined {
    return this.#isQuiet ? this.#tasks.shift() : undefined
  }
}
