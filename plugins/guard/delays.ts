import type { Clock } from 'mailwright'
import type { Delays } from './settings.ts'

/** Answers that wait, never more of them than there is room for. */
export class DelayedAnswers {
  readonly #clock: Clock
  readonly #limits: Delays
  readonly #waiting = new Map<string, number>()
  #all = 0

  constructor(clock: Clock, limits: Delays) {
    this.#clock = clock
    this.#limits = limits
  }

  /** How long the answer to a failure waits, the so-manieth one. */
  length(failures: number): number {
    const { first, longest } = this.#limits
    return Math.min(longest, first * 2 ** Math.min(Math.max(0, failures - 1), 30))
  }

  /**
   * Waits, but no longer than the session is there; false, at once, where too many wait already: all together, or
   * with the same word.
   */
  async wait(
    milliseconds: number,
    of: { word: string; most: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    const others = this.#waiting.get(of.word) ?? 0
    if (this.#all >= this.#limits.most || others >= of.most) return false
    if (milliseconds === 0 || signal.aborted) return true
    this.#all++
    this.#waiting.set(of.word, others + 1)
    const over = Promise.withResolvers<void>()
    const timer = this.#clock.after(milliseconds, over.resolve)
    const end = (): void => over.resolve()
    signal.addEventListener('abort', end, { once: true })
    await over.promise
    timer.cancel()
    signal.removeEventListener('abort', end)
    this.#leave(of.word)
    return true
  }

  #leave(word: string): void {
    this.#all--
    const left = (this.#waiting.get(word) ?? 1) - 1
    if (left === 0) this.#waiting.delete(word)
    else this.#waiting.set(word, left)
  }
}
