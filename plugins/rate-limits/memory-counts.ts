import type { Clock } from 'mailwright'
import type { Rate } from './rate.ts'
import { countAt, untilRoom, type WindowCount } from './window-count.ts'

/** Counts in this process; as many as there is room for: those go first that were not used for longest. */
export class MemoryCounts {
  readonly #clock: Clock
  readonly #most: number
  readonly #counts: Map<string, WindowCount>

  /** Goes on with what was counted before. */
  constructor(clock: Clock, most: number, counts: Map<string, WindowCount> = new Map()) {
    this.#clock = clock
    this.#most = most
    this.#counts = counts
  }

  get size(): number {
    return this.#counts.size
  }

  /** Counts one more, where all rates have room for it; else answers how long that takes, in milliseconds. */
  take(whose: string, rates: readonly Rate[]): number {
    const now = this.#clock.now()
    const counts = rates.map((rate) => countAt(this.#counts.get(keyOf(whose, rate)), rate, now))
    const wait = longestWait(rates, counts, now)
    if (wait > 0) return wait
    rates.forEach((rate, index) => {
      const count = counts[index]
      if (count !== undefined) this.#keep(keyOf(whose, rate), { ...count, current: count.current + 1 })
    })
    return 0
  }

  /** How long it takes until there is room; counts nothing. */
  wait(whose: string, rates: readonly Rate[]): number {
    const now = this.#clock.now()
    const counts = rates.map((rate) => countAt(this.#counts.get(keyOf(whose, rate)), rate, now))
    return longestWait(rates, counts, now)
  }

  #keep(key: string, count: WindowCount): void {
    this.#counts.delete(key)
    this.#counts.set(key, count)
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= this.#most) return
      this.#counts.delete(oldest)
    }
  }
}

/** Until all rates have room. */
export function longestWait(rates: readonly Rate[], counts: readonly WindowCount[], now: number): number {
  return Math.max(
    0,
    ...rates.map((rate, index) => {
      const count = counts[index]
      return count === undefined ? 0 : untilRoom(count, rate, now)
    }),
  )
}

function keyOf(whose: string, { most, per }: Rate): string {
  return `${most}/${per} ${whose}`
}
