import type { MessageSummary } from '../model/summary.ts'
import type { WordFact } from './fact.ts'
import { FactColumn } from './fact-column.ts'
import { grown } from './grown.ts'
import { WordTable } from './word-table.ts'

/** Words of messages, in their order. */
export interface WordRows {
  /** Each message's word, as its number in the table. */
  readonly numbers: Uint32Array
  /** All different words of the mailbox so far; it may grow meanwhile. */
  readonly table: WordTable
}

export class WordColumn extends FactColumn {
  readonly #fact: WordFact
  readonly #table = new WordTable()
  #numbers = new Uint32Array(0)

  constructor(fact: WordFact) {
    super()
    this.#fact = fact
  }

  protected get valueBytes(): number {
    return this.#table.bytes + this.#numbers.byteLength
  }

  protected store(slot: number, message: MessageSummary): void {
    this.#numbers = grown(this.#numbers, slot + 1)
    this.#numbers[slot] = this.#table.add(this.#fact.of(message))
  }

  rows(slots: Uint32Array): WordRows {
    const numbers = new Uint32Array(slots.length)
    for (let index = 0; index < slots.length; index += 1)
      numbers[index] = this.#numbers[slots[index] ?? 0] ?? 0
    return { numbers, table: this.#table }
  }
}
