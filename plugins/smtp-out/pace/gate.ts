import { type Clock, errorCode, wait } from 'mailwright'
import { longestAnswer } from 'mailwright/smtp-client'
import { HostFailure } from '../outcome.ts'
import { keyOf, type Target } from '../session/target.ts'
import type { Limit } from './limit-option.ts'
import { longestPatience, type MessageTurns } from './message-turns.ts'
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

/** What is done with a host. `getsOn` is called when that takes or refuses something: it is there, and has not had enough. */
export type Work<T> = (getsOn: () => void) => Promise<T>

/** It is not somebody's turn, and will not be for a while. */
export class NotYet extends Error {
  /** Milliseconds after which it may be. */
  readonly retryAfter: number
  /** Others have their turns, or nobody knows that they have not: its own comes. */
  readonly moving: boolean

  constructor(retryAfter: number, moving: boolean, options: ErrorOptions = {}) {
    super('it is not its turn yet', options)
    this.name = 'NotYet'
    this.retryAfter = retryAfter
    this.moving = moving
  }
}

/**
 * What a delivery holds while it waits here is a place in the queue's deliveries. Some do, which is less work than to put them off: those
 * whose turn comes within {@link soon}, and a few in any case. All others are told when to come back.
 */
const [fewestWaiting, mostWaiting] = [10, 100]
const soon = 2_000
/** Intervals of a rate without anybody's getting on: then nobody does. */
const fewIntervals = 3
/** Milliseconds after which turns are asked for again that nobody knows of now. */
const unknownAfter = 10_000

/** What one limit holds: so many connections at a time, and messages one after the other. */
export class Gate {
  readonly #settings: GateSettings
  readonly #places: Places | undefined
  readonly #returns: ReturnTimes
  #inside = 0
  #waiting = 0
  /** Milliseconds that a use takes, of late. */
  #usual = 1_000
  /** Of the monotonic clock: when a host has taken or refused something last, or another process was found to have had turns. */
  #movedAt: number | undefined
  /** Of the monotonic clock: until then others may have their turns, unless work has ended without that. */
  #doubtfulUntil: number

  constructor(settings: GateSettings) {
    this.#settings = settings
    const { clock, limit, idleTime } = settings
    this.#places =
      limit.connections === undefined ? undefined : new Places({ clock, idleTime, most: limit.connections })
    this.#returns = new ReturnTimes(clock)
    this.#doubtfulUntil = clock.monotonic() + longestAnswer
  }

  /** Nobody is in it, and nothing is to be remembered. */
  get isEmpty(): boolean {
    return this.#inside === 0 && (this.#places?.isEmpty ?? true) && this.#returns.isEmpty
  }

  /**
   * Does the work when it is its turn, which calls `getsOn` when a host takes or refuses something. Rejects with {@link NotYet} where that
   * takes too long.
   */
  async run<T>(target: Target, signal: AbortSignal, work: Work<T>): Promise<T> {
    const kind = keyOf(target)
    this.#inside++
    // A place may have been somebody's whose connection is kept still: it is gone only where the work has failed.
    let isOpen = true
    let hasPlace = false
    try {
      hasPlace = await this.#place(kind, target, signal)
      await this.#turn(target, signal)
      return await this.#timed(signal, work).catch((error: unknown) => {
        isOpen = false
        throw error
      })
    } finally {
      this.#inside--
      if (hasPlace) this.#places?.giveBack(kind, isOpen)
    }
  }

  async #timed<T>(signal: AbortSignal, work: Work<T>): Promise<T> {
    const { clock } = this.#settings
    const begun = clock.monotonic()
    try {
      const result = await work(() => {
        this.#movedAt = clock.monotonic()
      })
      this.#usual = (this.#usual * 7 + clock.monotonic() - begun) / 8
      // From now on it is known.
      this.#doubtfulUntil = begun
      return result
    } catch (error) {
      if (!signal.aborted && isOfHost(error)) this.#doubtfulUntil = begun
      throw error
    }
  }

  /** Who waits has a turn, too, as far as is known. A server that was started a moment ago does not give everybody up. */
  get #isMoving(): boolean {
    const { clock, limit } = this.#settings
    const now = clock.monotonic()
    const since = now - Math.max(longestAnswer, fewIntervals * (limit.rate?.interval ?? 0))
    return now < this.#doubtfulUntil || (this.#movedAt !== undefined && this.#movedAt > since)
  }

  async #place(kind: string, target: Target, signal: AbortSignal): Promise<boolean> {
    const places = this.#places
    if (places === undefined) return false
    if (places.hasRoom(kind)) return places.take(kind, 0, signal)
    if (this.#mayWait && (await this.#waitingFor(() => places.take(kind, longestPatience, signal))))
      return true
    throw this.#notYet(target, this.#usual)
  }

  async #turn(target: Target, signal: AbortSignal): Promise<void> {
    const { clock, key, turns } = this.#settings
    const { rate } = this.#settings.limit
    if (rate === undefined) return
    const mostWait = this.#mayWait ? longestPatience : 0
    await this.#waitingFor(async () => {
      const turn = await turns.take(key, rate, mostWait).catch((error: unknown) => {
        // Nobody is given up for what nobody knows.
        if (errorCode(error) === 'MAIL_E_UNAVAILABLE') throw new NotYet(unknownAfter, true, { cause: error })
        throw error
      })
      // How others fare at the host is not known here: they are taken to get on.
      if (turn.othersToo === true) this.#movedAt = clock.monotonic()
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
    return new NotYet(this.#returns.of(domain, soonest, this.#pace), this.#isMoving)
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

/** What lies with us tells nothing of a host. */
function isOfHost(error: unknown): boolean {
  return error instanceof HostFailure && !error.isOurs
}
