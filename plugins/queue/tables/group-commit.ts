import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Knex } from 'knex'
import { type Database, errorCode, firmTransaction } from 'mailwright'
import type { Measures } from './measures.ts'

/** A part of a transaction. What it answers counts only when the promise of {@link GroupCommit.run} has resolved. */
export type Write<T> = (transaction: Knex.Transaction) => Promise<T>

interface Waiting {
  readonly write: Write<unknown>
  readonly answer: PromiseWithResolvers<unknown>
}

export interface WriteOptions {
  /** Somebody waits for an answer: it comes before all that is not. */
  readonly first?: boolean
}

/**
 * Milliseconds after which others in the process are served, in the middle of a transaction: a database in the process itself answers
 * without any turn of the event loop.
 */
const longestTurn = 10

/** So many parts in a row that the database did not answer to: it is away for the others, too. */
const awayAfter = 2

/**
 * Makes changes durable, many with one commit: what is asked for while one is being made goes into the next. A transaction that
 * fails is made again part by part, so that nobody suffers for another's fault. A part may thus be made several times, even where it
 * was durable before, and must come to the same then.
 */
export class GroupCommit {
  readonly #database: Database
  readonly #most: number
  readonly #measures: Measures | undefined
  readonly #urgent: Waiting[] = []
  readonly #waiting: Waiting[] = []
  #running: Promise<void> | undefined

  /** `most` writes go into one transaction. */
  constructor(database: Database, most = 200, measures?: Measures) {
    this.#database = database
    this.#most = most
    this.#measures = measures
  }

  /** Resolves when it is durable. MAIL_E_UNAVAILABLE. */
  run<T>(write: Write<T>, { first = false }: WriteOptions = {}): Promise<T> {
    const answer = Promise.withResolvers<unknown>()
    const line = first ? this.#urgent : this.#waiting
    line.push({ write, answer })
    this.#running ??= this.#work()
    return answer.promise as Promise<T>
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #work(): Promise<void> {
    // All that is asked for in this turn of the event loop comes along.
    await nextTurn()
    for (let group = this.#next(); group.length > 0; group = this.#next()) {
      await this.#commit(group)
      await nextTurn()
    }
    this.#running = undefined
  }

  #next(): readonly Waiting[] {
    const urgent = this.#urgent.splice(0, this.#most)
    return [...urgent, ...this.#waiting.splice(0, this.#most - urgent.length)]
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    let failure = await this.#make(group)
    if (failure === undefined) return
    let away = group.length === 1 ? awayAfter : 0
    for (const one of group) {
      if (away < awayAfter) failure = await this.#make([one])
      if (failure === undefined) {
        away = 0
        continue
      }
      if (errorCode(failure) === 'MAIL_E_UNAVAILABLE') away++
      one.answer.reject(failure)
    }
  }

  /** Answers why it could not be made. */
  async #make(group: readonly Waiting[]): Promise<unknown> {
    const ended = this.#measures?.commit(group.length)
    try {
      const answers = await firmTransaction(this.#database, async (transaction) => {
        const made: unknown[] = []
        let began = performance.now()
        for (const { write } of group) {
          made.push(await write(transaction))
          if (performance.now() - began < longestTurn) continue
          await nextTurn()
          began = performance.now()
        }
        return made
      })
      for (const [index, { answer }] of group.entries()) answer.resolve(answers[index])
      return undefined
    } catch (error) {
      return error
    } finally {
      ended?.()
    }
  }
}
