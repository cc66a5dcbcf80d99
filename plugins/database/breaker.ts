import type { Clock, Timer } from 'mailwright'
import { DatabaseAwayError } from './failure.ts'

export interface BreakerSettings {
  readonly clock: Clock
  /** Asks the database something small. */
  readonly probe: () => Promise<unknown>
  /** From 0 to 1; `Math.random` where absent. */
  readonly random?: () => number
}

// So many failures in a row, none further than this from the first, are an outage and not one unlucky call.
const FAILURES = 5
const FAILURES_WITHIN = 10_000

// Between probes. The longest is what recovery can take beyond the outage itself.
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 4000

/**
 * Lets calls fail at once while the database is away, so that nobody waits for nothing and nothing piles up. It asks by
 * itself, one probe at a time with growing pauses, and lets calls through again after the first answer of any kind.
 */
export class Breaker {
  readonly #settings: BreakerSettings
  #failures = 0
  #firstFailureAt = 0
  #pause = FIRST_PAUSE
  #cause: unknown
  #timer: Timer | undefined
  #isOpen = false
  #isStopped = false

  constructor(settings: BreakerSettings) {
    this.#settings = settings
  }

  /** Throws while the database is away. */
  check(): void {
    if (this.#isOpen)
      throw new DatabaseAwayError('the database has not answered lately', { cause: this.#cause })
  }

  succeeded(): void {
    this.#failures = 0
    this.#pause = FIRST_PAUSE
    this.#isOpen = false
    this.#timer?.cancel()
  }

  failed(error: unknown): void {
    if (this.#isOpen) return
    const now = this.#settings.clock.monotonic()
    if (this.#failures === 0 || now - this.#firstFailureAt > FAILURES_WITHIN) {
      this.#failures = 0
      this.#firstFailureAt = now
    }
    this.#failures += 1
    if (this.#failures < FAILURES) return
    this.#isOpen = true
    this.#cause = error
    this.#schedule()
  }

  /** Ends the probing. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  #schedule(): void {
    const { clock, random = Math.random } = this.#settings
    if (this.#isStopped) return
    // Several servers that lost one database must not come back all at the same moment.
    const pause = this.#pause * (0.5 + random() / 2)
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE)
    this.#timer = clock.after(pause, () => void this.#probe())
  }

  async #probe(): Promise<void> {
    try {
      await this.#settings.probe()
      this.succeeded()
    } catch {
      if (this.#isOpen) this.#schedule()
    }
  }
}
