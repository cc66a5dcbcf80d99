const smallest = 4_096
// So much room is kept for the next that is written.
const largestKept = 65_536

/** Writes numbers and texts one after the other into octets that grow as needed; see `OctetReader`. */
export class OctetWriter {
  #octets = Buffer.allocUnsafe(smallest)
  #length = 0

  /** What was written so far; changed by the next write. */
  get written(): Buffer {
    return this.#octets.subarray(0, this.#length)
  }

  /** Forgets what was written, to be used again. */
  reset(): void {
    if (this.#octets.length > largestKept) this.#octets = Buffer.allocUnsafe(smallest)
    this.#length = 0
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

  /** Some of these octets alone. */
  append(octets: Buffer, start = 0, end: number = octets.length): void {
    this.#makeRoom(end - start)
    octets.copy(this.#octets, this.#length, start, end)
    this.#length += end - start
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
