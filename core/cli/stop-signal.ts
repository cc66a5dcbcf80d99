// A signal may come twice: from the terminal, and passed on by a program in between.
const echo = 1_000

/** SIGTERM and SIGINT, heard from now on. Asked again later, the process ends at once. */
export class StopSignal {
  readonly #asked = Promise.withResolvers<void>()
  // Keeps the process alive also where no listener does.
  readonly #hold = setInterval(() => undefined, 2 ** 30)
  #since: number | undefined

  constructor() {
    const stop = (_signal: NodeJS.Signals, number: number): void => {
      const now = performance.now()
      if (this.#since !== undefined && now - this.#since > echo) process.exit(128 + number)
      this.#since ??= now
      this.#asked.resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  }

  /** Resolves when the process is asked to stop. */
  get asked(): Promise<void> {
    return this.#asked.promise
  }

  /** What is waited for; undefined where the process is asked to stop before, and nobody hears any more how it fails. */
  unlessAsked<T>(work: Promise<T>): Promise<T | undefined> {
    return Promise.race([work, this.#asked.promise.then(() => undefined)])
  }

  /** The process may end by itself. */
  release(): void {
    clearInterval(this.#hold)
  }
}
