import { jittered } from '../tables/retry-schedule.ts'

export interface HealthSettings {
  /** Deliveries at the same time to begin with, and at most. */
  readonly initial: number
  readonly most: number
  /** Milliseconds of the first pause and of the longest one. */
  readonly firstPause: number
  readonly longestPause: number
}

/**
 * How much a destination bears: deliveries at the same time grow while it takes mail, shrink when it does not, and it is left alone for a
 * while when nothing gets through. After a pause one delivery goes ahead of the others.
 */
export class Health {
  readonly #settings: HealthSettings
  #window: number
  #successes = 0
  #failures = 0
  #pauses: number

  /** `pauses`: how many there were one after the other, so far. */
  constructor(settings: HealthSettings, pauses = 0) {
    this.#settings = settings
    this.#pauses = pauses
    this.#window = pauses > 0 ? 1 : settings.initial
  }

  /** How many deliveries it bears at the same time. */
  get window(): number {
    return Math.max(1, Math.floor(this.#window))
  }

  /** Pauses one after the other without a success. */
  get pauses(): number {
    return this.#pauses
  }

  /** It has taken mail, or refused single recipients: it is there. */
  succeeded(): void {
    this.#failures = 0
    this.#pauses = 0
    this.#successes++
    // One more when all of those under way have got through.
    if (this.#successes < this.#window) return
    this.#successes = 0
    this.#window = Math.min(this.#settings.most, this.#window + 1)
  }

  /** It did not answer, or has had enough. Milliseconds to leave it alone, where as many in a row failed as it should bear. */
  failed(retryAfter?: number): number | undefined {
    this.#successes = 0
    this.#failures++
    const isCohort = this.#failures >= this.window
    this.#window = Math.max(1, this.#window / 2)
    if (!isCohort && retryAfter === undefined) return undefined
    this.#failures = 0
    this.#window = 1
    const { firstPause, longestPause } = this.#settings
    const pause = Math.min(longestPause, firstPause * 2 ** Math.min(this.#pauses, 20))
    this.#pauses++
    return Math.max(jittered(pause), Math.min(retryAfter ?? 0, longestPause))
  }
}
