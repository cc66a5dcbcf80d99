import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, type Database, firmTransaction, type Log } from 'mailwright'
import type { Holder } from './holder.ts'
import type { Lane } from './lane.ts'
import { type Loaded, loadLane } from './lane-loading.ts'
import type { Lanes } from './lanes.ts'

export interface RefillsSettings {
  readonly database: Database
  readonly holder: Holder
  readonly lanes: Lanes
  readonly clock: Clock
  readonly log: Log
  /** Whether a sender may have a delivery now: whoever may not keeps no other's mail in the table. */
  readonly mayTake: (sender: string) => boolean
}

/** A destination whose line is being filled. */
interface Portion {
  readonly lane: Lane
  /** {@link Lane.forgotten} when it began. */
  readonly forgotten: number
}

/** Destinations that are looked at in one transaction: thousands may want it at once. */
const lanesAtOnce = 25
const loadsAtOnce = 2
/** Recipients in one transaction, of which each destination may have its share. */
const loadedAtOnce = 500
const everybodysShare = 20
const refillBelow = 50
/** Milliseconds after which others are served: a database in the process itself answers without any turn of the event loop. */
const longestTurn = 10

/** Reads recipients from the table, by portions, where a line is about to end. */
export class Refills {
  readonly #settings: RefillsSettings
  readonly #wake: (lanes: readonly Lane[]) => void
  /** They wait for others to be read. */
  readonly #hungry = new Set<Lane>()
  #loads = 0

  /** `wake` is called with those that were read. It must not have them read again at once: nothing may have changed. */
  constructor(settings: RefillsSettings, wake: (lanes: readonly Lane[]) => void) {
    this.#settings = settings
    this.#wake = wake
  }

  /** Has a line filled, where that is wanted. */
  refill(lane: Lane): void {
    if (!this.#isHungry(lane) || !this.#settings.holder.isAlive) return
    this.#hungry.add(lane)
    this.#begin()
  }

  #isHungry(lane: Lane): boolean {
    if (lane.isOver || !lane.more || lane.loading) return false
    return lane.line.size < refillBelow || !lane.line.hasFor(this.#settings.mayTake, refillBelow)
  }

  #begin(): void {
    if (this.#loads >= loadsAtOnce || this.#hungry.size === 0) return
    this.#loads++
    void this.#loadNext().then((lanes) => {
      this.#loads--
      this.#wake(lanes)
      this.#begin()
    })
  }

  /** Does not reject. */
  async #loadNext(): Promise<readonly Lane[]> {
    // All that become hungry in this turn of the event loop come along.
    await nextTurn()
    const portions = this.#next()
    if (portions.length === 0) return []
    const { lanes, log } = this.#settings
    const finished = lanes.beginLoad()
    try {
      const loaded = await this.#load(portions, (number) => lanes.isBusy(number) || finished.has(number))
      for (const [index, portion] of portions.entries()) this.#take(portion, loaded[index], finished)
    } catch (error) {
      for (const { lane } of portions) lane.more = true
      log.warn('unavailable', { error })
    } finally {
      lanes.endLoad(finished)
      for (const { lane } of portions) lane.loading = false
    }
    // What somebody has changed meanwhile does not wait until all destinations are looked at again.
    for (const { lane, forgotten } of portions) if (forgotten !== lane.forgotten) this.refill(lane)
    return portions.map(({ lane }) => lane)
  }

  /** Those whose turn it is, in the order in which all processes lock them. */
  #next(): readonly Portion[] {
    const portions: Portion[] = []
    for (const lane of this.#hungry) {
      if (portions.length >= lanesAtOnce) break
      this.#hungry.delete(lane)
      if (!this.#isHungry(lane) || this.#settings.lanes.roomOf(lane) <= 0) continue
      lane.loading = true
      lane.more = false
      portions.push({ lane, forgotten: lane.forgotten })
    }
    return portions.sort((one, other) => (one.lane.destination < other.lane.destination ? -1 : 1))
  }

  #load(
    portions: readonly Portion[],
    isBusy: (number: number) => boolean,
  ): Promise<readonly (Loaded | undefined)[]> {
    const { database, holder, lanes, clock } = this.#settings
    return firmTransaction(database, async (knex) => {
      const loaded: (Loaded | undefined)[] = []
      let left = loadedAtOnce
      let began = performance.now()
      for (const { lane } of portions) {
        const most = Math.min(Math.max(left, everybodysShare), lanes.roomOf(lane))
        const found = await loadLane(knex, lane, holder.id, { now: clock.now(), most, isBusy })
        loaded.push(found)
        left -= found?.recipients.length ?? 0
        if (performance.now() - began < longestTurn) continue
        await nextTurn()
        began = performance.now()
      }
      return loaded
    })
  }

  /** What was read before somebody changed it is not used. */
  #take({ lane, forgotten }: Portion, loaded: Loaded | undefined, finished: ReadonlySet<number>): void {
    const { lanes, log } = this.#settings
    if (loaded === undefined) {
      lanes.close(lane)
      return
    }
    for (const number of loaded.damaged) log.error('internal-error', { queued: number, held: true })
    if (loaded.more || forgotten !== lane.forgotten) lane.more = true
    if (forgotten !== lane.forgotten) return
    for (const recipient of loaded.recipients)
      if (!finished.has(recipient.number)) lanes.push(lane, recipient)
  }
}
