import { UnavailableError } from './errors.ts'

/** How many may wait for slots. */
export interface SlotsBound {
  readonly waiting: number
  /** What there is too much of where more come, for the error's text. */
  readonly what: string
}

/** So many at a time; who comes above that waits for its turn, in the order in which they came. */
export class Slots {
  readonly #bound: SlotsBound | undefined
  #free: number
  readonly #waiting: (() => void)[] = []

  /** Without a bound any number may wait. */
  constructor(count: number, bound?: SlotsBound) {
    this.#free = count
    this.#bound = bound
  }

  /** Runs a piece of work in a slot. Rejects at once with UnavailableError where too many wait. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else if (this.#bound !== undefined && this.#waiting.length >= this.#bound.waiting)
      throw new UnavailableError(`too many ${this.#bound.what} at the same time`)
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The slot is handed on, not freed, so that nobody who comes now overtakes those who wait.
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
