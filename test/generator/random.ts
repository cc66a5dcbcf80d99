/** A seeded source of pseudo-random numbers: the same seed gives the same messages on every machine. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A fraction from 0 up to, not including, 1 (a 32-bit state stepped by the golden ratio, then mixed: SplitMix32). */
  fraction(): number {
    this.#state = (this.#state + 0x9e37_79b9) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number {
    return Math.floor(this.fraction() * end)
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  /** Whether something happens that happens with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  /** One of the values. */
  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0]
  }

  /** So many octets. */
  octets(length: number): Buffer {
    const octets = Buffer.alloc(length)
    for (let at = 0; at < length; at += 1) octets[at] = this.below(256)
    return octets
  }
}
