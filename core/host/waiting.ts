import type { Clock } from '../clock.ts'

/** Someone who waits, and is told when it is no use any more. */
export interface Waiting {
  /** When its time is over, in the clock's monotonic milliseconds. */
  readonly due: number
  giveUp(problem: string): void
}

/** One place in a {@link WaitingLine}. */
export class Place {
  readonly one: Waiting | undefined
  previous: Place = this
  next: Place = this

  constructor(one: Waiting | undefined) {
    this.one = one
  }

  leave(): void {
    this.previous.next = this.next
    this.next.previous = this.previous
    this.previous = this
    this.next = this
  }
}

/** Those who wait, first come first. Coming and leaving costs a few nanoseconds, which a Set or a timer does not. */
export class WaitingLine {
  // The ring's start and end.
  readonly #gate = new Place(undefined)

  join(one: Waiting): Place {
    const place = new Place(one)
    const last = this.#gate.previous
    place.previous = last
    place.next = this.#gate
    last.next = place
    this.#gate.previous = place
    return place
  }

  get first(): Waiting | undefined {
    return this.#gate.next.one
  }

  /** Takes the first one out of the line. */
  shift(): Waiting | undefined {
    const { next } = this.#gate
    next.leave()
    return next.one
  }
}

/** Those who may all wait equally long. One timer serves them, since a timer for each would cost more than most waits. */
export class Deadlines {
  readonly timeout: number
  readonly #clock: Clock
  readonly #line = new WaitingLine()
  #armed = false

  constructor(clock: Clock, timeout: number) {
    this.#clock = clock
    this.timeout = timeout
  }

  join(one: Waiting): Place {
    if (!this.#armed) this.#arm(this.timeout)
    return this.#line.join(one)
  }

  #arm(milliseconds: number): void {
    this.#armed = true
    this.#clock.after(milliseconds, () => this.#expire())
  }

  #expire(): void {
    const now = this.#clock.monotonic()
    let { first } = this.#line
    while (first !== undefined && first.due <= now) {
      this.#line.shift()
      // Somebody else may join meanwhile; the timer is set for whoever is first in the end.
      first.giveUp(`did not answer within ${this.timeout} ms`)
      first = this.#line.first
    }
    this.#armed = false
    if (first !== undefined) this.#arm(first.due - now)
  }
}

const lines = new WeakMap<AbortSignal, WaitingLine>()

/**
 * Those who wait on behalf of a session or transaction; whoever is in the line when its signal aborts is told. However
 * many come and go, the signal has one listener: adding and removing one is what costs.
 */
export function lineOf(signal: AbortSignal): WaitingLine {
  const known = lines.get(signal)
  if (known !== undefined) return known
  const line = new WaitingLine()
  lines.set(signal, line)
  const ended = () => {
    for (let one = line.shift(); one !== undefined; one = line.shift())
      one.giveUp('was still at work when the session ended')
  }
  signal.addEventListener('abort', ended, { once: true })
  return line
}
