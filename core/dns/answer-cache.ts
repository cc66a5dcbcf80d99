import type { Clock } from '../clock.ts'

/** An answer with the milliseconds for which it may be kept. */
export interface Keepable<T> {
  readonly value: T
  readonly keepFor: number
}

interface Kept<T> {
  /** Of the monotonic clock; undefined while it is being asked for. */
  until: number | undefined
  readonly answer: Promise<T>
}

/** Keeps answers as long as they say, and asks once for all who ask at the same time. */
export class AnswerCache<T> {
  readonly #clock: Clock
  readonly #most: number
  readonly #kept = new Map<string, Kept<T>>()

  constructor(clock: Clock, most: number) {
    this.#clock = clock
    this.#most = most
  }

  /** The kept answer, or the one that `ask` gives. */
  get(key: string, ask: () => Promise<Keepable<T>>): Promise<T> {
    const known = this.#kept.get(key)
    if (known !== undefined && (known.until === undefined || this.#clock.monotonic() < known.until))
      return known.answer
    const asking = ask()
    const entry: Kept<T> = { until: undefined, answer: asking.then(({ value }) => value) }
    this.#remember(key, entry)
    asking.then(
      ({ keepFor }) => {
        if (keepFor > 0) entry.until = this.#clock.monotonic() + keepFor
        else this.#forget(key, entry)
      },
      () => this.#forget(key, entry),
    )
    return entry.answer
  }

  #forget(key: string, entry: Kept<T>): void {
    if (this.#kept.get(key) === entry) this.#kept.delete(key)
  }

  #remember(key: string, entry: Kept<T>): void {
    this.#kept.delete(key)
    this.#kept.set(key, entry)
    if (this.#kept.size <= this.#most) return
    const [oldest] = this.#kept.keys()
    if (oldest !== undefined) this.#kept.delete(oldest)
  }
}
