import type { Clock } from 'mailwright'

/** Milliseconds of one generation: what was there is forgotten after one to two of them. */
const generation = 1000
// 3,000,000 octets of memory or so, for both generations.
const mostPaths = 8192

/** Paths at which something was a second or two ago. Asking for one counts as having been there. */
export class RecentPaths {
  readonly #clock: Clock
  #newer = new Set<string>()
  #older = new Set<string>()
  #since = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(path: string): boolean {
    this.#forget()
    if (this.#newer.has(path)) return true
    if (!this.#older.has(path)) return false
    this.#keep(path)
    return true
  }

  add(path: string): void {
    this.#forget()
    this.#keep(path)
  }

  delete(path: string): void {
    this.#newer.delete(path)
    this.#older.delete(path)
  }

  #keep(path: string): void {
    if (this.#newer.size < mostPaths) this.#newer.add(path)
  }

  #forget(): void {
    const now = this.#clock.monotonic()
    const age = now - this.#since
    if (age < generation) return
    this.#older = age < 2 * generation ? this.#newer : new Set()
    this.#newer = new Set()
    this.#since = now
  }
}
