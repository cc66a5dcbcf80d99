import type { Clock } from 'mailwright'

/** Milliseconds after which a delivery is a slow one. */
const slowAfter = 1_000
/** Slow deliveries at the same time, for each of those that are not. */
const slowForEach = 6

export interface DeliverySlotsSettings {
  readonly clock: Clock
  /** Deliveries at the same time that are not slow. */
  readonly deliveries: number
}

/**
 * Deliveries at the same time. One that waits for a host that is slow or dead makes room for others after a while, as long as there are
 * not too many of them: thousands of dead destinations at once delay no other.
 */
export class DeliverySlots {
  readonly #settings: DeliverySlotsSettings
  readonly #onRoom: () => void
  #quick = 0
  #slow = 0

  /** `onRoom` is called when there may be more. */
  constructor(settings: DeliverySlotsSettings, onRoom: () => void) {
    this.#settings = settings
    this.#onRoom = onRoom
  }

  /** How many more may begin. */
  get free(): number {
    return this.#settings.deliveries - this.#quick
  }

  /** Takes one; the answer gives it back. */
  take(): () => void {
    const { clock, deliveries } = this.#settings
    let isSlow = false
    this.#quick++
    const timer = clock.after(slowAfter, () => {
      if (this.#slow >= deliveries * slowForEach) return
      isSlow = true
      this.#quick--
      this.#slow++
      this.#onRoom()
    })
    return () => {
      timer.cancel()
      if (isSlow) this.#slow--
      else this.#quick--
    }
  }
}
