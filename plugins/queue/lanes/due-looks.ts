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
  #doubtful = new Set<string>()

  constructor(settings: DueLooksSettings) {
    this.#settings = settings
  }

  /** Of a transaction that got no answer. */
  doubt(destinations: readonly string[]): void {
    for (const destination of destinations)
      if (this.#doubtful.size < mostDoubtful) this.#doubtful.add(destination)
  }

  /** Takes up to `most` that nobody works on. MAIL_E_UNAVAILABLE. */
  async look(taker: Taker, bounds: { readonly most: number; readonly atOnce: number }): Promise<DueLanes> {
    const { database, clock } = this.#settings
    const looked = this.#doubtful
    // What is doubted from now on is looked at again: this look may have been too early for it.
    this.#doubtful = new Set()
    try {
      return await firmTransaction(database, async (knex) => {
        const due = await dueLanes(knex, taker, clock.now(), { ...bounds, doubtful: [...looked] })
        for (const { destination } of due.taken) looked.add(destination)
        for (const destination of due.own) looked.add(destination)
        return due
      })
    } catch (error) {
      this.doubt([...looked])
      throw error
    }
  }
}
