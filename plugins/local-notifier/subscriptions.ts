import type { Clock, Notifier, Timer } from 'mailwright'

// Milliseconds in which the word of several processes that hints were missed becomes one.
const gathering = 20

/** The subscriptions of this process, told by the core's own notifier. */
export class Subscriptions {
  readonly #told: Notifier
  readonly #clock: Clock
  readonly #topics = new Map<string, number>()
  #timer: Timer | undefined

  constructor(told: Notifier, clock: Clock) {
    this.#told = told
    this.#clock = clock
  }

  add(topic: string, listener: (payload: unknown) => void): () => void {
    const end = this.#told.subscribe(topic, listener)
    this.#topics.set(topic, (this.#topics.get(topic) ?? 0) + 1)
    let hasEnded = false
    return () => {
      end()
      if (!hasEnded) this.#remove(topic)
      hasEnded = true
    }
  }

  #remove(topic: string): void {
    const left = (this.#topics.get(topic) ?? 0) - 1
    if (left > 0) this.#topics.set(topic, left)
    else this.#topics.delete(topic)
  }

  tell(topic: string, payload: unknown): void {
    this.#told.publish(topic, payload)
  }

  /** Soon tells everybody, with `{ missed: true }` for a payload, that hints of their topics may have been lost. */
  tellMissed(): void {
    // Who subscribes later has not looked yet.
    if (this.#topics.size === 0) return
    this.#timer ??= this.#clock.after(gathering, () => {
      this.#timer = undefined
      for (const topic of this.#topics.keys()) this.#told.publish(topic, { missed: true })
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }
}
