/** The three UTF-16 units that end at a position (from 2 on) as a number of 32 bits, never 0. */
export function trigramAt(text: string, at: number): number {
  return trigram(text.charCodeAt(at - 2), text.charCodeAt(at - 1), text.charCodeAt(at))
}

// Texts of letters and digits give different numbers; others may collide, which only makes a signature less sharp.
function trigram(first: number, second: number, third: number): number {
  let mixed = Math.imul(first, 0x85eb_ca6b) ^ Math.imul(second, 0xc2b2_ae35) ^ Math.imul(third, 0x27d4_eb2f)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad)
  return (mixed ^ (mixed >>> 15)) >>> 0 || 1
}

const firstSlots = 4_096

/** Different trigrams, up to a limit: an open hash table, as a Set of numbers takes ten times as long. */
export class TrigramSet {
  readonly #limit: number
  /** 0 is a free slot. */
  #slots = new Uint32Array(firstSlots)
  /** The trigrams as they came, up to `#size`; as many as fill half of the slots. */
  #values = new Uint32Array(firstSlots / 2)
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#size
  }

  /** Whether there were more than the limit. Then the set is of no use. */
  get isFull(): boolean {
    return this.#size > this.#limit
  }

  /** Adds all trigrams of a text. */
  addAll(text: string): void {
    let first = text.charCodeAt(0)
    let second = text.charCodeAt(1)
    for (let at = 2; at < text.length; at += 1) {
      const third = text.charCodeAt(at)
      this.#add(trigram(first, second, third))
      first = second
      second = third
    }
  }

  /** All of them, in the order in which they came. Changed by the next that is added. */
  values(): Uint32Array {
    return this.#values.subarray(0, this.#size)
  }

  #add(trigram: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = trigram & mask
    for (let found = slots[slot]; found !== 0; found = slots[slot]) {
      if (found === trigram) return
      slot = (slot + 1) & mask
    }
    if (this.isFull) return
    slots[slot] = trigram
    this.#values[this.#size] = trigram
    this.#size += 1
    if (this.#size === this.#values.length) this.#grow()
  }

  #grow(): void {
    const values = this.#values
    this.#slots = new Uint32Array(this.#slots.length * 2)
    this.#values = new Uint32Array(values.length * 2)
    this.#size = 0
    for (let index = 0; index < values.length; index += 1) this.#add(values[index] ?? 0)
  }
}
