const smallest = 4_096

/** Writes numbers and texts one after the other into octets that grow as needed; see `OctetReader`. */
export class OctetWriter {
  #octets = Buffer.allocUnsafe(smallest)
  #length = 0

  /** What was written so far; changed by the next write. */
  get written(): Buffer {
    return this.#octets.subarray(0, this.#length)
  }

  /** A whole number from 0 to 2^53 - 1, in as few octets as it needs, seven bits in each. */
  number(value: number): void {
    this.#makeRoom(8)
    let rest = value
    while (rest >= 128) {
      this.#octets[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#octets[this.#length++] = rest
  }

  /** Octets, their number in front. */
  octets(octets: Uint8Array): void {
    this.number(octets.length)
    this.append(octets)
  }

  /** Octets alone. */
  append(octets: Uint8Array): void {
    this.#makeRoom(octets.length)
    this.#octets.set(octets, this.#length)
    this.#length += octets.length
  }

  /** A text, the number of its octets in front. */
  text(text: string, encoding: 'latin1' | 'utf8'): void {
    const size = encoding === 'latin1' ? text.length : Buffer.byteLength(text)
    this.number(size)
    this.#makeRoom(size)
    this.#length += this.#octets.write(text, this.#length, encoding)
  }

  #makeRoom(size: number): void {
    const needed = this.#length + size
    if (needed <= this.#octets.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#octets.length * 2))
    larger.set(this.written)
    this.#octets = larger
  }
}
