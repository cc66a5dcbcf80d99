import type { Clock } from 'mailwright'

/** Milliseconds after which a delivery is a slow one. */
const slowAfter = 1_000
/** Slow deliveries at the same time, for each of those that are not. */
const slowForEach = 6
/** A sender's deliveries for each place that is left to all: those of one alone may have all slow places, and half of the others. */
const sendersShare = 2 * slowForEach + 1

export interface DeliverySlotsSettings {
  readonly clock: Clock
  /** Deliveries at the same time that are not slow. */
  readonly deliveries: number
}

/** One delivery. */
interface Taken {
  readonly sender: string
}

/**
 * Deliveries at the same time. One that waits for a host that is slow or dead makes room for others after a while, as long as there are
 * not too many of them: thousands of dead destinations at once delay no other. Where there are too many, those that hang may be one
 * sender's mail, and others find room all the same.
 */
export class DeliverySlots {
  readonly #settings: DeliverySlotsSettings
  readonly #onRoom: () => void
  #quick = 0
  readonly #slow = new Set<Taken>()
  /** Those among the quick ones that would be slow if there were not too many, the longest first. */
  readonly #overdue = new Set<Taken>()
  readonly #ofSenders = new Map<string, number>()

  /** `onRoom` is called when there may be more. */
  constructor(settings: DeliverySlotsSettings, onRoom: () => void) {
    this.#settings = settings
    this.#onRoom = onRoom
  }

  /** How many more may begin. */
  get free(): number {
    return this.#settings.deliveries - this.#quick
  }

  /** Whether the next one may be this sender's. */
  mayTake(sender: string): boolean {
    const left = this.free + this.#mostSlow - this.#slow.size
    return (this.#ofSenders.get(sender) ?? 0) < sendersShare * left
  }

  /** Takes one; the answer gives it back. */
  take(sender: string): () => void {
    const one: Taken = { sender }
    this.#quick++
    this.#count(sender, 1)
    const timer = this.#settings.clock.after(slowAfter, () => {
      this.#overdue.add(one)
      this.#shift()
    })
    return () => {
      timer.cancel()
      this.#overdue.delete(one)
      if (!this.#slow.delete(one)) this.#quick--
      this.#count(sender, -1)
      this.#shift()
    }
  }

  get #mostSlow(): number {
    return this.#settings.deliveries * slowForEach
  }

  /** Makes those slow ones that there is room for. */
  #shift(): void {
    for (const one of this.#overdue) {
      if (this.#slow.size >= this.#mostSlow) return
      this.#overdue.delete(one)
      this.#slow.add(one)
      this.#quick--
      this.#onRoom()
    }
  }

  #count(sender: string, change: 1 | -1): void {
    const count = (this.#ofSenders.get(sender) ?? 0) + change
    if (count === 0) this.#ofSenders.delete(sender)
    else this.#ofSenders.set(sender, count)
  }
}
