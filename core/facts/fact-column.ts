import type { MessageSummary } from '../model/summary.ts'
import { grown } from './grown.ts'

// The objects of a column beside its values.
const overhead = 512

/** The values of one fact, by slot. A value that is there never changes. */
export abstract class FactColumn {
  #known = new Uint8Array(0)

  /** Octets of memory, as nearly as can be said. */
  get bytes(): number {
    return overhead + this.#known.byteLength + this.valueBytes
  }

  has(slot: number): boolean {
    return this.#known[slot] === 1
  }

  hasAll(slots: Uint32Array): boolean {
    for (let index = 0; index < slots.length; index += 1) {
      if (this.#known[slots[index] ?? 0] !== 1) return false
    }
    return true
  }

  /** Reads the fact of a message, unless it is known. */
  learn(slot: number, message: MessageSummary): void {
    if (this.has(slot)) return
    this.store(slot, message)
    this.#known = grown(this.#known, slot + 1)
    this.#known[slot] = 1
  }

  /** What the values take. */
  protected abstract get valueBytes(): number
  protected abstract store(slot: number, message: MessageSummary): void
}
