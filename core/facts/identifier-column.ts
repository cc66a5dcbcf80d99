import type { MessageSummary } from '../model/summary.ts'
import type { IdentifierFact } from './fact.ts'
import { FactColumn } from './fact-column.ts'
import { grown } from './grown.ts'
import { IdentifierTable } from './identifier-table.ts'

// An honest mailbox of a million messages has a fifth of it. Beyond, what messages name is believed to be chosen to fill
// the memory: their first and last identifiers have to do.
const crowded = 268_435_456

/** Identifiers of messages, in the order of the messages. */
export interface IdentifierRows {
  /** Where each message's identifiers begin in `items`, and how many it has. */
  readonly starts: Uint32Array
  readonly lengths: Uint32Array
  /** A number for each different identifier; 0 for an empty one. */
  readonly items: Uint32Array
  /** All numbers are below it. */
  readonly size: number
}

export class IdentifierColumn extends FactColumn {
  readonly #fact: IdentifierFact
  readonly #table = new IdentifierTable()
  #starts = new Uint32Array(0)
  #lengths = new Uint32Array(0)
  #items = new Uint32Array(0)
  #count = 0

  constructor(fact: IdentifierFact) {
    super()
    this.#fact = fact
    this.#table.add('')
  }

  protected get valueBytes(): number {
    return this.#table.bytes + this.#items.byteLength + this.#starts.byteLength + this.#lengths.byteLength
  }

  protected store(slot: number, message: MessageSummary): void {
    const all = this.#fact.of(message)
    const identifiers = all.length > 2 && this.bytes > crowded ? [all.at(0), all.at(-1)] : all
    this.#starts = grown(this.#starts, slot + 1)
    this.#lengths = grown(this.#lengths, slot + 1)
    this.#items = grown(this.#items, this.#count + identifiers.length)
    this.#starts[slot] = this.#count
    this.#lengths[slot] = identifiers.length
    for (const identifier of identifiers) {
      this.#items[this.#count] = this.#table.add(identifier ?? '')
      this.#count += 1
    }
  }

  rows(slots: Uint32Array): IdentifierRows {
    const starts = new Uint32Array(slots.length)
    const lengths = new Uint32Array(slots.length)
    for (let index = 0; index < slots.length; index += 1) {
      starts[index] = this.#starts[slots[index] ?? 0] ?? 0
      lengths[index] = this.#lengths[slots[index] ?? 0] ?? 0
    }
    return { starts, lengths, items: this.#items, size: this.#table.size }
  }
}
