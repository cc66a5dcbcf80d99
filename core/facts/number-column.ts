import type { MessageSummary } from '../model/summary.ts'
import type { NumberFact } from './fact.ts'
import { FactColumn } from './fact-column.ts'
import { grown } from './grown.ts'

export class NumberColumn extends FactColumn {
  readonly #fact: NumberFact
  #values = new Float64Array(0)

  constructor(fact: NumberFact) {
    super()
    this.#fact = fact
  }

  protected get valueBytes(): number {
    return this.#values.byteLength
  }

  protected store(slot: number, message: MessageSummary): void {
    this.#values = grown(this.#values, slot + 1)
    this.#values[slot] = this.#fact.of(message)
  }

  /** The value of each slot. */
  values(slots: Uint32Array): Float64Array {
    const values = new Float64Array(slots.length)
    for (let index = 0; index < slots.length; index += 1) values[index] = this.#values[slots[index] ?? 0] ?? 0
    return values
  }
}
