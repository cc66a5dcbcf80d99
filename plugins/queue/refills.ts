import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock, Database, Log } from 'mailwright'
import { firmTransaction } from './firm-transaction.ts'
import type { Holder } from './holder.ts'
import type { Lane } from './lane.ts'
import { loadLane } from './lane-loading.ts'
import type { Lanes } from './lanes.ts'

export interface RefillsSettings {
  readonly database: Database
  readonly holder: Holder
  readonly lanes: Lanes
  readonly clock: Clock
  readonly log: Log
}

const loadedAtOnce = 500
/** Destinations whose recipients are read at the same time: thousands may want it at once. */
const loadsAtOnce = 4
const refillBelow = 50

/** Reads recipients from the table, by portions, where a line is about to end. */
export class Refills {
  readonly #settings: RefillsSettings
  readonly #wake: (lanes: readonly Lane[]) => void
  /** They wait for others to be read. */
  readonly #hungry = new Set<Lane>()
  #loads = 0

  /** `wake` is called with those that have something to do then. */
  constructor(settings: RefillsSettings, wake: (lanes: readonly Lane[]) => void) {
    this.#settings = settings
    this.#wake = wake
  }

  /** Has a line filled, where that is wanted. */
  refill(lane: Lane): void {
    const { holder, lanes } = this.#settings
    if (!lane.more || lane.loading || lane.line.size >= refillBelow || !holder.isAlive) return
    const most = Math.min(loadedAtOnce, lanes.roomOf(lane))
    if (most <= 0) return
    if (this.#loads >= loadsAtOnce) {
      this.#hungry.add(lane)
      return
    }
    lane.loading = true
    lane.more = false
    this.#loads++
    void this.#load(lane, most).finally(() => {
      lane.loading = false
      this.#loads--
      this.#wake([...(lane.line.size > 0 ? [lane] : []), ...this.#nextHungry()])
    })
  }

  /** The next one that waits. */
  #nextHungry(): readonly Lane[] {
    for (const next of this.#hungry) {
      this.#hungry.delete(next)
      if (!next.isOver) return [next]
    }
    return []
  }

  /** Does not reject. */
  async #load(lane: Lane, most: number): Promise<void> {
    const { database, holder, lanes, clock, log } = this.#settings
    const { forgotten } = lane
    const finished = lanes.beginLoad()
    const isBusy = (number: number): boolean => lanes.isBusy(number) || finished.has(number)
    try {
      await nextTurn()
      const portion = { now: clock.now(), most, isBusy }
      const loaded = await firmTransaction(database, (knex) => loadLane(knex, lane, holder.id, portion))
      if (loaded === undefined) return lanes.close(lane)
      for (const number of loaded.damaged) log.error('internal-error', { queued: number, held: true })
      // What was read before somebody changed it is not used.
      if (loaded.more || forgotten !== lane.forgotten) lane.more = true
      if (forgotten !== lane.forgotten) return
      for (const recipient of loaded.recipients)
        if (!finished.has(recipient.number)) lanes.push(lane, recipient)
    } catch (error) {
      lane.more = true
      log.warn('unavailable', { error })
    } finally {
      lanes.endLoad(finished)
    }
  }
}
