/** How many sessions each has: each account, or each address. What is not counted takes no room. */
export class SessionCounts {
  readonly #counts = new Map<string, number>()

  /** Counts one more session; answers what takes it off again, once. Undefined, and uncounted, where there are enough. */
  enter(whose: string, most: number): (() => void) | undefined {
    const count = this.#counts.get(whose) ?? 0
    if (count >= most) return undefined
    this.#counts.set(whose, count + 1)
    let isCounted = true
    return () => {
      if (isCounted) this.#leave(whose)
      isCounted = false
    }
  }

  #leave(whose: string): void {
    const left = (this.#counts.get(whose) ?? 1) - 1
    if (left === 0) this.#counts.delete(whose)
    else this.#counts.set(whose, left)
  }
}
