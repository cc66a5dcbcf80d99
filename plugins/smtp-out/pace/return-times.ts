import type { Clock } from 'mailwright'

// A queue asks again after that at the latest: limits change, and others may not come back.
const longest = 600_000
const shortest = 1_000

/** When each of those who had to go is to come back: one after the other, each destination with all that it has. */
export class ReturnTimes {
  readonly #clock: Clock
  /** By name, in the order of their times. */
  readonly #times = new Map<string, number>()
  #last = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isEmpty(): boolean {
    this.#tidy()
    return this.#times.size === 0
  }

  /** Milliseconds after which a destination is to come back: not before `soonest`, and `pace` behind who was told before. */
  of(name: string, soonest: number, pace: number): number {
    this.#tidy()
    const now = this.#clock.monotonic()
    const known = this.#times.get(name)
    if (known !== undefined) return known - now
    const latest = now + longest
    const time = Math.min(latest, Math.max(now + Math.max(soonest, shortest), this.#last + pace))
    this.#last = time
    this.#times.set(name, time)
    return time - now
  }

  #tidy(): void {
    const now = this.#clock.monotonic()
    for (const [name, time] of this.#times) {
      if (time > now) return
      this.#times.delete(name)
    }
  }
}
