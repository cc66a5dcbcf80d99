import type { Clock } from 'mailwright'
import type { MessageRate } from './limit-option.ts'
import { type MessageTurns, nextTurn, type Turn } from './message-turns.ts'

const tidyFrom = 1_000

/** The turns of one process that shares nothing with others. */
export class OwnTurns implements MessageTurns {
  readonly #clock: Clock
  readonly #next = new Map<string, number>()
  #tidyAt = tidyFrom

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async take(key: string, rate: MessageRate, patience: number): Promise<Turn> {
    const now = this.#clock.monotonic()
    const { next, ...turn } = nextTurn(this.#next.get(key) ?? 0, now, rate, patience)
    this.#next.set(key, next)
    if (this.#next.size > this.#tidyAt) this.#tidy(now)
    return turn
  }

  /** What is over says no more than what is not there. */
  #tidy(now: number): void {
    for (const [key, next] of this.#next) if (next <= now) this.#next.delete(key)
    this.#tidyAt = Math.max(tidyFrom, 2 * this.#next.size)
  }
}
