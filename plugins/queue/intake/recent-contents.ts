/**
 * Octets of messages that came just now, so that their first delivery need not read what was written a moment ago. They may go at any
 * time: the table has them, or their file.
 */
export class RecentContents {
  readonly #most: number
  readonly #octets = new Map<number, Buffer>()
  #total = 0

  /** `most` octets in all. */
  constructor(most = 33_554_432) {
    this.#most = most
  }

  /** Of a message by its number. */
  get(number: number): Buffer | undefined {
    return this.#octets.get(number)
  }

  set(number: number, octets: Buffer): void {
    this.delete(number)
    this.#octets.set(number, octets)
    this.#total += octets.length
    for (const oldest of this.#octets.keys()) {
      if (this.#total <= this.#most) return
      this.delete(oldest)
    }
  }

  delete(number: number): void {
    this.#total -= this.#octets.get(number)?.length ?? 0
    this.#octets.delete(number)
  }
}
