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
export class TrigramSet implements Iterable<number> {
  readonly #limit: number
  /** 0 is a free slot. */
  #slots = new Uint32Array(firstSlots)
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
    for (let at = 2; at < text.length && !this.isFull; at += 1) {
      const third = text.charCodeAt(at)
      this.#add(trigram(first, second, third))
      first = second
      second = third
    }
  }

  *[Symbol.iterator](): Generator<number> {
    for (const trigram of this.#slots) if (trigram !== 0) yield trigram
  }

  #add(trigram: number): void {
    const mask = this.#slots.length - 1
    let slot = trigram & mask
    for (let found = this.#slots[slot]; found !== 0; found = this.#slots[slot]) {
      if (found === trigram) return
      slot = (slot + 1) & mask
    }
    this.#slots[slot] = trigram
    this.#size += 1
    if (this.#size * 2 > this.#slots.length) this.#grow()
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(old.length * 2)
    this.#size = 0
    for (const trigram of old) if (trigram !== 0) this.#add(trigram)
  }
}
