import { FairLine } from './fair-line.ts'
import { Health, type HealthSettings } from './health.ts'
import type { TakenLane } from './lane-table.ts'

/** One destination that this process delivers to. */
export class Lane {
  readonly destination: string
  /** Higher than that of any owner before. */
  fence: number
  readonly health: Health
  readonly line: FairLine = new FairLine()
  /** Deliveries under way. */
  active = 0
  /** Recipients whose deliveries are under way, or whose outcomes are not written yet. */
  readonly busy: Set<number> = new Set()
  /** Messages that could not be read, and wait without a delivery's place to be read again. */
  unread = 0
  /** There may be more in the table than in the line. */
  more: boolean
  /** When one of those comes back that were put off here. */
  nextDue: number = Number.POSITIVE_INFINITY
  /** The table is being read. */
  loading = false
  /** How often the table came to know better: what was read before is of no use then. */
  forgotten = 0
  /** Pauses that the table knows of. */
  knownPauses: number
  /** Of the monotonic clock: when it was taken. */
  readonly takenAt: number
  /** Of the monotonic clock: when it was taken, or a delivery ended last. */
  movedAt: number
  /** Of the monotonic clock: since when it has nothing to do. */
  idleSince: number | undefined
  /** Given up: what is still under way comes to its end, nothing new begins. */
  isOver = false
  /** Given up since it was not its turn: what is still under way tells how the destination is. */
  waits = false

  /** `now` is of the monotonic clock. */
  constructor(
    row: Pick<TakenLane, 'destination' | 'fence' | 'pauses' | 'isNew'>,
    settings: HealthSettings,
    now = 0,
  ) {
    this.takenAt = now
    this.movedAt = now
    this.destination = row.destination
    this.fence = Number(row.fence)
    this.knownPauses = row.pauses
    this.more = !row.isNew
    this.health = new Health(settings, row.pauses)
  }

  /** A delivery has ended. `now` is of the monotonic clock. */
  ended(now: number): void {
    this.active--
    this.movedAt = now
  }

  get isIdle(): boolean {
    return this.active === 0 && this.busy.size === 0 && this.line.size === 0 && !this.more && !this.loading
  }
}
