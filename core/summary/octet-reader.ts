/**
 * Reads what an `OctetWriter` wrote. Octets that are no such thing are not an error at once: what cannot be read is 0 or
 * empty, and `isWhole` says so.
 */
export class OctetReader {
  readonly #octets: Buffer
  #at: number
  #isWhole = true

  constructor(octets: Buffer, at: number) {
    this.#octets = octets
    this.#at = at
  }

  /** Where the next value begins. */
  get position(): number {
    return this.#at
  }

  /** Whether everything that was asked for was there. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Another reader from the same place on. */
  fork(): OctetReader {
    return new OctetReader(this.#octets, this.#at)
  }

  /** The next number. */
  number(): number {
    let value = 0
    let unit = 1
    for (;;) {
      const octet = this.#octets[this.#at]
      if (octet === undefined) break
      this.#at += 1
      value += (octet & 127) * unit
      if (octet < 128) return Number.isSafeInteger(value) ? value : this.#fail()
      unit *= 128
    }
    return this.#fail()
  }

  /** Steps over octets that have their number in front; answers where they begin. They end at `position`. */
  skip(): number {
    const size = this.number()
    const start = this.#at
    if (size > this.#octets.length - start) this.#fail()
    if (!this.#isWhole) return this.#at
    this.#at = start + size
    return start
  }

  /** The next text. */
  text(encoding: 'latin1' | 'utf8'): string {
    const start = this.skip()
    return this.#octets.toString(encoding, start, this.#at)
  }

  #fail(): number {
    this.#isWhole = false
    this.#at = this.#octets.length
    return 0
  }
}
