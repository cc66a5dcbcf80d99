import type { Clock } from 'mailwright'
import type { Departures } from './departures.ts'
import type { Lane } from './lanes/lane.ts'
import type { Lanes } from './lanes/lanes.ts'

export interface TurnoverSettings {
  readonly lanes: Lanes
  readonly departures: Pick<Departures, 'release' | 'yield'>
  readonly clock: Clock
  /** Whether a sender may have a delivery now. */
  readonly mayTake: (sender: string) => boolean
  /** Is told of destinations of which the table may have something. */
  readonly wake: (lane: Lane) => void
}

/** Milliseconds for which an idle destination is kept. */
const idleTime = 5_000
/** Where there is room for fewer, they are not kept. */
const shortOfRoom = 200
/** At a time: what is passed over is not written of in bursts. */
const mostYielded = 200

/**
 * Keeps room in memory for destinations whose time comes: those with nothing to do are given up, and, where it is short, those that nobody
 * may deliver to now.
 */
export class Turnover {
  readonly #settings: TurnoverSettings

  constructor(settings: TurnoverSettings) {
    this.#settings = settings
  }

  /** Looks after all destinations. `wanted`: how many others there was no room for. Answers how many made room for others. */
  look(wanted: number): number {
    const { lanes, clock } = this.#settings
    // Others may need the room.
    const longest = lanes.roomForWaiting < shortOfRoom ? 0 : idleTime
    for (const lane of lanes.all()) {
      this.#read(lane)
      this.#release(lane, clock.monotonic(), longest)
    }
    const surplus = Math.min(lanes.surplus(wanted), mostYielded)
    let yielded = 0
    // The last ones first: of those that are kept it is known how long they have waited.
    for (const lane of surplus > 0 ? lanes.all().toReversed() : []) {
      if (yielded === surplus) break
      if (!this.#isPassedOver(lane)) continue
      yielded++
      this.#settings.departures.yield(lane)
    }
    return yielded
  }

  #read(lane: Lane): void {
    const { lanes, clock, mayTake, wake } = this.#settings
    if (lane.nextDue <= clock.now()) {
      lane.nextDue = Number.POSITIVE_INFINITY
      lanes.added(lane, mayTake)
    }
    if (lane.more && !lane.loading && !lane.line.hasFor(mayTake)) wake(lane)
  }

  #release(lane: Lane, now: number, longest: number): void {
    if (!lane.isIdle) lane.idleSince = undefined
    else if (lane.idleSince === undefined) lane.idleSince = now
    else if (now - lane.idleSince >= longest) this.#settings.departures.release(lane)
  }

  /** All who wait for it have more than their share of deliveries. */
  #isPassedOver({ active, busy, line, loading }: Lane): boolean {
    const isWaitedFor = active === 0 && busy.size === 0 && line.size > 0 && !loading
    return isWaitedFor && !line.hasFor(this.#settings.mayTake)
  }
}
