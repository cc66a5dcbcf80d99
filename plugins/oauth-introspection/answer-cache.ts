import { createHash } from 'node:crypto'
import type { Clock, TokenFacts } from 'mailwright'
import type { Answer } from './answer.ts'

const mostAnswers = 10_000

interface Kept {
  readonly facts: TokenFacts
  /** Of the monotonic clock. */
  readonly until: number
}

/** Keeps answers for a short time: a client opens several connections at once, each with the same token. */
export class AnswerCache {
  readonly #keepFor: number
  readonly #clock: Clock
  readonly #kept = new Map<string, Kept>()
  readonly #asking = new Map<string, Promise<TokenFacts>>()

  constructor(keepFor: number, clock: Clock) {
    this.#keepFor = keepFor
    this.#clock = clock
  }

  /** The answer that is kept for a token, else the one that `ask` gives: once for all who want it now. */
  async get(token: string, ask: () => Promise<Answer>): Promise<TokenFacts> {
    // Nobody who sees our memory shall find tokens there.
    const key = createHash('sha256').update(token).digest('base64')
    const kept = this.#kept.get(key)
    if (kept !== undefined && this.#clock.monotonic() < kept.until) return kept.facts
    this.#kept.delete(key)
    const asking = this.#asking.get(key) ?? this.#ask(key, ask)
    return await asking
  }

  #ask(key: string, ask: () => Promise<Answer>): Promise<TokenFacts> {
    const asking = ask()
      .then((answer) => this.#keep(key, answer))
      .finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  #keep(key: string, { facts, expiresAt }: Answer): TokenFacts {
    const left = expiresAt === undefined ? this.#keepFor : expiresAt - this.#clock.now()
    const until = this.#clock.monotonic() + Math.min(this.#keepFor, left)
    // Those go first that came first.
    const [oldest] = this.#kept.size >= mostAnswers ? this.#kept.keys() : []
    if (oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(key, { facts, until })
    return facts
  }
}
