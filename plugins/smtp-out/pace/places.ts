import type { Clock, Timer } from 'mailwright'

/** A place that was given back, where a connection may still be open that the next one of the same kind uses again. */
interface Kept {
  /** Undefined: nobody is to use it again, since others have waited for long. */
  readonly kind: string | undefined
  readonly timer: Timer
}

interface Waiter {
  readonly kind: string
  /** By the monotonic clock. */
  readonly since: number
  readonly go: () => void
}

export interface PlacesSettings {
  readonly clock: Clock
  readonly most: number
  /** Milliseconds that a connection is kept for the next one. */
  readonly idleTime: number
}

/** Milliseconds from QUIT until the host has noticed, too. */
const closing = 1_000
/** Milliseconds after which somebody has a place of its own, however many of another kind come one after the other. */
const longWait = 10_000

/** So many connections at a time, those that are only kept included. Whoever comes above that waits in line. */
export class Places {
  readonly #settings: PlacesSettings
  readonly #kept = new Set<Kept>()
  readonly #waiters = new Set<Waiter>()
  #busy = 0

  constructor(settings: PlacesSettings) {
    this.#settings = settings
  }

  get isEmpty(): boolean {
    return this.#busy + this.#kept.size + this.#waiters.size === 0
  }

  /** Whether somebody of that kind would have a place at once. */
  hasRoom(kind: string): boolean {
    return this.#keptOf(kind) !== undefined || this.#busy + this.#kept.size < this.#settings.most
  }

  /** Takes a place. False where none was free for `patience` milliseconds. Rejects when the signal aborts. */
  take(kind: string, patience: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      if (this.#admit(kind)) return resolve(true)
      const end = (): void => {
        timer.cancel()
        this.#waiters.delete(waiter)
        signal.removeEventListener('abort', abort)
      }
      const abort = (): void => {
        end()
        reject(signal.reason)
      }
      const waiter: Waiter = {
        kind,
        since: this.#settings.clock.monotonic(),
        go: () => {
          end()
          resolve(true)
        },
      }
      const timer = this.#settings.clock.after(patience, () => {
        end()
        resolve(false)
      })
      signal.addEventListener('abort', abort, { once: true })
      this.#waiters.add(waiter)
    })
  }

  /** Gives a place back. `isOpen`: the connection may be kept, and counts until it is over or used again. */
  giveBack(kind: string, isOpen: boolean): void {
    const { clock, idleTime } = this.#settings
    this.#busy--
    if (isOpen && idleTime > 0) {
      const timer = clock.after(idleTime + closing, () => {
        this.#kept.delete(kept)
        this.#wake()
      })
      const [first] = this.#waiters
      const isOthers =
        first !== undefined && first.kind !== kind && clock.monotonic() - first.since >= longWait
      const kept: Kept = { kind: isOthers ? undefined : kind, timer }
      this.#kept.add(kept)
    }
    this.#wake()
  }

  /** In the order of their coming; whoever can use a kept connection does not wait for those who cannot. */
  #wake(): void {
    for (const waiter of this.#waiters) if (this.#admit(waiter.kind)) waiter.go()
  }

  #admit(kind: string): boolean {
    if (!this.hasRoom(kind)) return false
    const kept = this.#keptOf(kind)
    if (kept !== undefined) {
      kept.timer.cancel()
      this.#kept.delete(kept)
    }
    this.#busy++
    return true
  }

  #keptOf(kind: string): Kept | undefined {
    for (const kept of this.#kept) if (kept.kind === kind) return kept
    return undefined
  }
}
