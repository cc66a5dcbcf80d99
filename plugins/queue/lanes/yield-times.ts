import type { Lane } from './lane.ts'

type Held = Pick<Lane, 'destination' | 'takenAt' | 'movedAt'>

interface Yielded {
  /** Milliseconds. */
  readonly time: number
  /** Of the monotonic clock. */
  readonly until: number
}

/** Milliseconds for which those who need the room come first: at first, and where that changes nothing. */
const [firstTime, longestTime] = [10_000, 300_000]

/**
 * For how long destinations make room for others. Where only the same ones wait for a destination that comes back it is left for longer
 * each time: thousands of them would be taken and left for nothing all the time.
 */
export class YieldTimes {
  /** By destination; whoever has made room last comes last. */
  readonly #yielded = new Map<string, Yielded>()

  /** Milliseconds from now. `now` is of the monotonic clock. */
  next({ destination, takenAt, movedAt }: Held, now: number): number {
    const before = this.#yielded.get(destination)
    // What was added for it brings it back earlier, or has had a delivery since.
    const isOnlyBack = before !== undefined && takenAt >= before.until && movedAt === takenAt
    const isTheSame = isOnlyBack && now < before.until + longestTime
    const time = isTheSame ? Math.min(before.time * 2, longestTime) : firstTime
    this.#yielded.delete(destination)
    this.#yielded.set(destination, { time, until: now + time })
    this.#forget(now)
    return time
  }

  #forget(now: number): void {
    for (const [destination, { until }] of this.#yielded) {
      if (now < until + longestTime) return
      this.#yielded.delete(destination)
    }
  }
}
