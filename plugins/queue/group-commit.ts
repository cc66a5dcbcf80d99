import type { Knex } from 'knex'
import type { Database } from 'mailwright'

/** A part of a transaction. What it answers counts only when the promise of {@link GroupCommit.run} has resolved. */
export type Write<T> = (transaction: Knex.Transaction) => Promise<T>

interface Waiting {
  readonly write: Write<unknown>
  readonly answer: PromiseWithResolvers<unknown>
}

/**
 * Makes changes durable, many with one commit: what is asked for while one is being made goes into the next. A transaction that
 * fails is made again part by part, so that nobody suffers for another's fault.
 */
export class GroupCommit {
  readonly #database: Database
  readonly #most: number
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined

  /** `most` writes go into one transaction. */
  constructor(database: Database, most = 500) {
    this.#database = database
    this.#most = most
  }

  /** Resolves when it is durable. MAIL_E_UNAVAILABLE. */
  run<T>(write: Write<T>): Promise<T> {
    const answer = Promise.withResolvers<unknown>()
    this.#waiting.push({ write, answer })
    this.#running ??= this.#work()
    return answer.promise as Promise<T>
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #work(): Promise<void> {
    // All that is asked for in this turn of the event loop comes along.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, this.#most))
    this.#running = undefined
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.#database.transaction(async (transaction) => {
        const made: unknown[] = []
        for (const { write } of group) made.push(await write(transaction))
        return made
      })
      for (const [index, { answer }] of group.entries()) answer.resolve(answers[index])
    } catch (error) {
      if (group.length === 1) group[0]?.answer.reject(error)
      else for (const one of group) await this.#commit([one])
    }
  }
}
