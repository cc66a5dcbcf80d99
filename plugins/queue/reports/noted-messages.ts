import type { Clock } from 'mailwright'
import type { QueuedMessage } from '../tables/queued.ts'
import { never, type ReportRow } from '../tables/tables.ts'
import { mostTogether } from './to-tell.ts'

/** Milliseconds after which a message is looked at again: first, and at most. */
const firstPause = 1_000
const longestPause = 16_000

/** What is known of one message. */
interface Noted {
  /** Recipients. */
  count: number
  /** Of the monotonic clock: it is told by then. */
  due: number
  /** Of the monotonic clock. */
  lookAt: number
  pause: number
}

/** Messages that are to be looked at now. */
export interface Looked {
  /** They are told whatever is under way. */
  readonly due: readonly number[]
  /** They are told if nothing is under way. */
  readonly others: readonly number[]
}

/** Messages of which this process has noted something, by their numbers, and when to look whether they can be told of. */
export class NotedMessages {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>
  readonly #noted = new Map<number, Noted>()

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock
  }

  get size(): number {
    return this.#noted.size
  }

  all(): readonly number[] {
    return [...this.#noted.keys()]
  }

  /** What is to be told of a message. */
  add({ number, envelope }: Pick<QueuedMessage, 'number' | 'envelope'>, rows: readonly ReportRow[]): void {
    if (rows.length === 0) return
    const now = this.#clock.monotonic()
    // Of very many it would take long to see whether anything is under way, and something always is.
    const lookAt = (envelope.recipients ?? 1) > mostTogether ? never : now
    const noted = this.#noted.get(number) ?? { count: 0, due: never, lookAt, pause: firstPause }
    noted.count += rows.length
    noted.due = Math.min(noted.due, ...rows.map(({ due }) => this.#ofMonotonic(Number(due))))
    noted.lookAt = noted.count >= mostTogether ? now : Math.min(noted.lookAt, noted.due)
    this.#noted.set(number, noted)
  }

  /** What others have left behind. */
  adopt(message: number, { count, due }: Pick<Noted, 'count' | 'due'>): void {
    const lookAt = this.#clock.monotonic()
    this.#noted.set(message, { count, due: this.#ofMonotonic(due), lookAt, pause: firstPause })
  }

  delete(message: number): void {
    this.#noted.delete(message)
  }

  /** Up to so many whose time to be looked at has come. */
  next(most: number): Looked {
    const now = this.#clock.monotonic()
    const looked: { due: number[]; others: number[] } = { due: [], others: [] }
    for (const [number, { lookAt, due, count }] of this.#noted) {
      if (lookAt > now) continue
      looked[due <= now || count >= mostTogether ? 'due' : 'others'].push(number)
      if (looked.due.length + looked.others.length >= most) break
    }
    return looked
  }

  /** Something is under way: it is looked at later, each time after a longer while. */
  putOff(message: number): void {
    const noted = this.#noted.get(message)
    if (noted === undefined) return
    noted.lookAt = Math.min(this.#clock.monotonic() + noted.pause, noted.due)
    noted.pause = Math.min(noted.pause * 2, longestPause)
  }

  /** Whoever sets the clock back puts nothing off by that. */
  #ofMonotonic(time: number): number {
    return this.#clock.monotonic() + time - this.#clock.now()
  }
}
