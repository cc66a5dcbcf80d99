import { MailwrightError } from '../errors.ts'
import type { Log } from '../log.ts'

/**
 * An error that a plugin throws in a timer, or a promise that it forgets, belongs to no session. While plugins start, it is
 * taken for a start that fails. Later it is logged, and the others' sessions go on: what is durable changes in steps that hold
 * by themselves, not in the process's memory.
 */
export class Strays {
  readonly #first = Promise.withResolvers<never>()
  readonly #log: () => Log | undefined

  constructor(log: () => Log | undefined) {
    this.#log = log
    this.#first.promise.catch(() => undefined)
    const note = (error: unknown): void => {
      try {
        this.#log()?.error('internal-error', { error })
      } catch {
        // What is thrown here would end the process.
      }
      const problem = 'an error was thrown that nobody waits for'
      this.#first.reject(new MailwrightError('MAIL_E_START', problem, { cause: error }))
    }
    process.on('uncaughtException', note)
    process.on('unhandledRejection', note)
  }

  /** What is waited for; rejects where an error goes astray meanwhile, or has before. */
  unlessThrown<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#first.promise])
  }
}
