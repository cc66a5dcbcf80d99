import { Pacer } from '../summary/pacer.ts'
import type { Fact } from './fact.ts'
import { FactReading, type FactSource } from './fact-reading.ts'
import { type AnyColumn, type FactRows, newColumn } from './fact-rows.ts'
import { UidSlots } from './uid-slots.ts'

// Of so many messages facts are read in turn with others who want many, as they often want the same.
const many = 500

/** What is known of the messages of one mailbox. */
export class FactTable {
  readonly slots: UidSlots = new UidSlots()
  readonly columns: Map<Fact, AnyColumn> = new Map()
  /** Octets of the slots that `MessageFacts` has counted. */
  countedBytes = 0
  #lastTurn: Promise<void> = Promise.resolve()

  /**
   * Facts of messages (ascending UIDs, each once), read from the source where they are not known. `grew` is called now
   * and then while columns grow. No more is read once they have grown by `most` octets. Fails as the source does.
   */
  async load(
    source: FactSource,
    facts: readonly Fact[],
    uids: readonly number[],
    most: number,
    grew: () => void,
  ): Promise<FactRows> {
    const columns = new Map(facts.map((fact) => [fact, this.#column(fact)]))
    // Of very many messages each of these steps takes some milliseconds.
    const pacer = new Pacer()
    const slots = this.slots.add(uids)
    if (pacer.isDue) await pacer.rest()
    const reading = new FactReading(source, columns, uids, slots)
    const missing = reading.missing().length
    if (pacer.isDue) await pacer.rest()
    if (missing > many) await this.#inTurn(() => reading.run(most, grew))
    else if (missing > 0) await reading.run(most, grew)
    return reading.rows()
  }

  #column(fact: Fact): AnyColumn {
    const known = this.columns.get(fact)
    if (known !== undefined) return known
    const column = newColumn(fact)
    this.columns.set(fact, column)
    return column
  }

  async #inTurn(task: () => Promise<void>): Promise<void> {
    const before = this.#lastTurn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#lastTurn = promise
    await before
    try {
      await task()
    } finally {
      resolve()
    }
  }
}
