import { randomInt } from 'node:crypto'

const smallestRoom = 64

/**
 * Numbers for identifiers, from 0 in the order in which they came. It keeps a hash of 53 bits of each and not the
 * identifier. The hash is seeded anew in every process, so that nobody can choose identifiers that are slow to find.
 */
export class IdentifierTable {
  readonly #seeds = [randomInt(2 ** 32), randomInt(2 ** 32)] as const
  /** Open addressing: a hash, never 0, stands at its place or one of the next. */
  #hashes = new Float64Array(smallestRoom)
  #numbers = new Uint32Array(smallestRoom)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Octets of memory. */
  get bytes(): number {
    return this.#hashes.byteLength + this.#numbers.byteLength
  }

  /** The number of an identifier (octet text); a new one where it was not there. */
  add(identifier: string): number {
    if (this.#size * 2 >= this.#hashes.length) this.#grow()
    const hash = this.#hash(identifier)
    const place = placeOf(hash, this.#hashes)
    if (this.#hashes[place] === 0) {
      this.#hashes[place] = hash
      this.#numbers[place] = this.#size
      this.#size += 1
    }
    return this.#numbers[place] ?? 0
  }

  #hash(identifier: string): number {
    let [low, high] = this.#seeds as readonly [number, number]
    for (let at = 0; at < identifier.length; at += 1) {
      const octet = identifier.charCodeAt(at)
      low = Math.imul(low ^ octet, 0x85eb_ca6b)
      low ^= low >>> 15
      high = Math.imul(high ^ octet, 0xc2b2_ae35)
      high ^= high >>> 13
    }
    low = mixed(low ^ Math.imul(high, 0x9e37_79b1))
    high = mixed(high ^ low)
    return (high & 0x1f_ffff) * 0x1_0000_0000 + (low >>> 0) || 1
  }

  #grow(): void {
    const hashes = new Float64Array(this.#hashes.length * 2)
    const numbers = new Uint32Array(hashes.length)
    for (let at = 0; at < this.#hashes.length; at += 1) {
      const hash = this.#hashes[at] ?? 0
      if (hash === 0) continue
      const place = placeOf(hash, hashes)
      hashes[place] = hash
      numbers[place] = this.#numbers[at] ?? 0
    }
    this.#hashes = hashes
    this.#numbers = numbers
  }
}

/** Makes every bit depend on all others. */
function mixed(bits: number): number {
  const half = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b)
  const whole = Math.imul(half ^ (half >>> 13), 0xc2b2_ae35)
  return whole ^ (whole >>> 16)
}

/** Where a hash stands, or, at an empty place, would stand. */
function placeOf(hash: number, hashes: Float64Array): number {
  const mask = hashes.length - 1
  let place = (hash % 0x1_0000_0000) & mask
  while (hashes[place] !== 0 && hashes[place] !== hash) place = (place + 1) & mask
  return place
}
