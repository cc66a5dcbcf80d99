import { type Clock, wait } from 'mailwright'
import { keyOf, type Target } from '../session/target.ts'
import type { Limit } from './limit-option.ts'
import type { MessageTurns } from './message-turns.ts'
import { Places } from './places.ts'
import { ReturnTimes } from './return-times.ts'

export interface GateSettings {
  readonly clock: Clock
  readonly limit: Limit
  /** Of the limit, and of the host or domain where each is counted for itself. */
  readonly key: string
  readonly turns: MessageTurns
  /** Milliseconds that a connection is kept for the next message. */
  readonly idleTime: number
}

/** It is not somebody's turn, and will not be for a while. */
export class NotYet extends Error {
  /** Milliseconds after which it may be. */
  readonly retryAfter: number

  constructor(retryAfter: number) {
    super('it is not its turn yet')
    this.name = 'NotYet'
    this.retryAfter = retryAfter
  }
}

/**
 * What a delivery holds while it waits here is a place in the queue's deliveries. Some do, which is less work than to put them off: those
 * whose turn comes within {@link soon}, and a few in any case. All others are told when to come back.
 */
const [fewestWaiting, mostWaiting] = [10, 100]
const soon = 2_000
const patience = 30_000

/** What one limit holds: so many connections at a time, and messages one after the other. */
export class Gate {
  readonly #settings: GateSettings
  readonly #places: Places | undefined
  readonly #returns: ReturnTimes
  #inside = 0
  #waiting = 0
  /** Milliseconds that a use takes, of late. */
  #usual = 1_000

  constructor(settings: GateSettings) {
    this.#settings = settings
    const { clock, limit, idleTime } = settings
    this.#places =
      limit.connections === undefined ? undefined : new Places({ clock, idleTime, most: limit.connections })
    this.#returns = new ReturnTimes(clock)
  }

  /** Nobody is in it, and nothing is to be remembered. */
  get isEmpty(): boolean {
    return this.#inside === 0 && (this.#places?.isEmpty ?? true) && this.#returns.isEmpty
  }

  /** Does the work when it is its turn. Rejects with {@link NotYet} where that takes too long. */
  async run<T>(target: Target, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const kind = keyOf(target)
    this.#inside++
    // A place may have been somebody's whose connection is kept still: it is gone only where the work has failed.
    let isOpen = true
    let hasPlace = false
    try {
      hasPlace = await this.#place(kind, target, signal)
      await this.#turn(target, signal)
      const begun = this.#settings.clock.monotonic()
      const result = await work().catch((error: unknown) => {
        isOpen = false
        throw error
      })
      this.#usual = (this.#usual * 7 + this.#settings.clock.monotonic() - begun) / 8
      return result
    } finally {
      this.#inside--
      if (hasPlace) this.#places?.giveBack(kind, isOpen)
    }
  }

  async #place(kind: string, target: Target, signal: AbortSignal): Promise<boolean> {
    const places = this.#places
    if (places === undefined) return false
    if (places.hasRoom(kind)) return places.take(kind, 0, signal)
    if (this.#mayWait && (await this.#waitingFor(() => places.take(kind, patience, signal)))) return true
    throw this.#notYet(target, this.#usual)
  }

  async #turn(target: Target, signal: AbortSignal): Promise<void> {
    const { clock, key, limit, turns } = this.#settings
    if (limit.rate === undefined) return
    const mostWait = this.#mayWait ? patience : 0
    await this.#waitingFor(async () => {
      if (limit.rate === undefined) return
      const turn = await turns.take(key, limit.rate, mostWait)
      if (!turn.isTaken) throw this.#notYet(target, turn.wait)
      if (turn.wait > 0) await wait(clock, turn.wait, signal)
    })
  }

  async #waitingFor<T>(ready: () => Promise<T>): Promise<T> {
    this.#waiting++
    try {
      return await ready()
    } finally {
      this.#waiting--
    }
  }

  /** Those who wait come back one after the other, not all at once. */
  #notYet({ domain }: Target, soonest: number): NotYet {
    return new NotYet(this.#returns.of(domain, soonest, this.#pace))
  }

  /** Milliseconds from one to the next. */
  get #pace(): number {
    const { rate, connections } = this.#settings.limit
    return Math.max(rate?.interval ?? 0, connections === undefined ? 0 : this.#usual / connections)
  }

  get #mayWait(): boolean {
    return this.#waiting < Math.min(mostWaiting, Math.max(fewestWaiting, soon / this.#pace))
  }
}
