import { type Clock, type Database, firmTransaction } from 'mailwright'
import { type DueLanes, dueLanes, type Taker } from './lane-table.ts'

export interface DueLooksSettings {
  readonly database: Database
  readonly clock: Clock
}

// What comes above is looked at when its owner looks at all that is its own.
const mostDoubtful = 500

/**
 * Looks for destinations that are due. Those of transactions that got no answer are looked at, too: what these wrote may be there, and some
 * may have been taken, which are not due then though nobody works on them.
 */
export class DueLooks {
  readonly #settings: DueLooksSettings
  readonly #doubtful = new Set<string>()

  constructor(settings: DueLooksSettings) {
    this.#settings = settings
  }

  /** Of a transaction that got no answer. */
  doubt(destinations: readonly string[]): void {
    for (const destination of destinations.slice(0, mostDoubtful - this.#doubtful.size))
      this.#doubtful.add(destination)
  }

  /** Takes up to `most` that nobody works on. MAIL_E_UNAVAILABLE. */
  async look(taker: Taker, bounds: { readonly most: number; readonly atOnce: number }): Promise<DueLanes> {
    const { database, clock } = this.#settings
    let looked: readonly string[] = []
    const found = await firmTransaction(database, async (knex) => {
      const doubtful = [...this.#doubtful]
      const due = await dueLanes(knex, taker, clock.now(), { ...bounds, doubtful })
      looked = [...doubtful, ...due.own, ...due.taken.map(({ destination }) => destination)]
      this.doubt(looked)
      return due
    })
    for (const destination of looked) this.#doubtful.delete(destination)
    return found
  }
}
