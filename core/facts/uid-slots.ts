import { grown } from './grown.ts'

/** The slot of a message that has none. */
export const noSlot = 0xffff_ffff

// To look up so many times fewer UIDs than there are, each by itself, is cheaper than to go through all.
const sparse = 16

/** Gives messages numbers from 0, in the order in which they are met, by which columns keep their facts. */
export class UidSlots {
  /** Ascending. */
  #uids = new Uint32Array(0)
  #slots = new Uint32Array(0)
  #size = 0

  /** How many messages have a slot. */
  get size(): number {
    return this.#size
  }

  /** Octets of memory. */
  get bytes(): number {
    return this.#uids.byteLength + this.#slots.byteLength
  }

  /** The slot of each UID, ascending. Gives one to those that have none. */
  add(uids: readonly number[]): Uint32Array {
    const slots = this.find(uids)
    const fresh: number[] = []
    for (let index = 0; index < uids.length; index += 1) {
      if (slots[index] !== noSlot) continue
      slots[index] = this.#size + fresh.length
      fresh.push(uids[index] ?? 0)
    }
    if (fresh.length > 0) this.#insert(fresh)
    return slots
  }

  /** The slot of each UID, ascending; `noSlot` where it has none. */
  find(uids: readonly number[]): Uint32Array {
    const found = new Uint32Array(uids.length)
    const isSparse = uids.length * sparse < this.#size
    let at = 0
    for (let index = 0; index < uids.length; index += 1) {
      const uid = uids[index] ?? 0
      if (isSparse) at = this.#lowerBound(uid)
      else while (at < this.#size && (this.#uids[at] ?? 0) < uid) at += 1
      found[index] = at < this.#size && this.#uids[at] === uid ? (this.#slots[at] ?? noSlot) : noSlot
    }
    return found
  }

  /** UIDs that have no slot, ascending, get the next ones. */
  #insert(fresh: readonly number[]): void {
    const size = this.#size + fresh.length
    this.#uids = grown(this.#uids, size)
    this.#slots = grown(this.#slots, size)
    // From the end, so that each UID moves once.
    let from = this.#size - 1
    let next = fresh.length - 1
    for (let to = size - 1; next >= 0; to -= 1) {
      const isMoved = from >= 0 && (this.#uids[from] ?? 0) > (fresh[next] ?? 0)
      this.#uids[to] = (isMoved ? this.#uids[from] : fresh[next]) ?? 0
      this.#slots[to] = isMoved ? (this.#slots[from] ?? 0) : this.#size + next
      if (isMoved) from -= 1
      else next -= 1
    }
    this.#size = size
  }

  #lowerBound(uid: number): number {
    let low = 0
    let high = this.#size
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#uids[middle] ?? 0) < uid) low = middle + 1
      else high = middle
    }
    return low
  }
}
