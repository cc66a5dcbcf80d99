/** As many entries as there is room for; those go first that were not used for longest. */
export class RecentEntries<Value> implements Iterable<readonly [string, Value]> {
  readonly #most: number
  readonly #entries: Map<string, Value>

  /** Goes on with the entries of before. */
  constructor(most: number, entries: Map<string, Value> = new Map()) {
    this.#most = most
    this.#entries = entries
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Value | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most) return
      this.#entries.delete(oldest)
    }
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  /** Removes the oldest ones, so many at most, and answers them. */
  take(most: number): readonly Value[] {
    const taken: Value[] = []
    for (const [key, value] of this.#entries) {
      if (taken.length === most) break
      taken.push(value)
      this.#entries.delete(key)
    }
    return taken
  }

  [Symbol.iterator](): Iterator<readonly [string, Value]> {
    return this.#entries[Symbol.iterator]()
  }
}
