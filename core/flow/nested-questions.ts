import { AsyncLocalStorage } from 'node:async_hooks'

// A plugin that asks the others before it answers is one question in another, two such plugins are two: eight are a circle.
const mostNested = 8

/** A question that is not answered yet, and those that it was asked for. */
interface Pending {
  readonly outer: Pending | undefined
  readonly depth: number
  isAnswered: boolean
  isCircle: boolean
}

/** Questions that are asked to answer others: where plugins ask each other for ever, the whole question has no answer. */
export class NestedQuestions {
  readonly #pending = new AsyncLocalStorage<Pending>()

  /** Asks within those that are not answered yet. Undefined in a circle; `found` is called once, where it is found. */
  async within<Answer>(ask: () => Promise<Answer>, found: () => void): Promise<Answer | undefined> {
    const outer = unanswered(this.#pending.getStore())
    if (outer?.isCircle) return undefined
    if (outer?.depth === mostNested) {
      for (let each: Pending | undefined = outer; each !== undefined; each = each.outer) each.isCircle = true
      found()
      return undefined
    }
    const pending: Pending = { outer, depth: (outer?.depth ?? 0) + 1, isAnswered: false, isCircle: false }
    try {
      const answer = await this.#pending.run(pending, ask)
      return pending.isCircle ? undefined : answer
    } finally {
      pending.isAnswered = true
    }
  }
}

/** What a tap begins and nobody waits for may ask later: by then it is no part of the question. */
function unanswered(pending: Pending | undefined): Pending | undefined {
  let found = pending
  while (found?.isAnswered) found = found.outer
  return found
}
