import { type Clock, type Log, wait } from 'mailwright'
import type { TurnResult } from './deliverer.ts'
import type { Holder } from './lanes/holder.ts'
import type { Lane } from './lanes/lane.ts'
import { clearPauses, pauseLane, releaseLane, yieldLane } from './lanes/lane-table.ts'
import type { Lanes } from './lanes/lanes.ts'
import { longestTurn } from './lanes/times-ahead.ts'
import { YieldTimes } from './lanes/yield-times.ts'
import type { GroupCommit, Write } from './tables/group-commit.ts'

export interface DeparturesSettings {
  readonly commits: GroupCommit
  readonly holder: Holder
  readonly lanes: Lanes
  readonly clock: Clock
  readonly log: Log
  /** The queue stops: what the table does not know then is left to whoever frees its destinations. */
  readonly signal: AbortSignal
}

/** Milliseconds of a pause of which nothing else is said. */
const shortPause = 1_000
/** Milliseconds until the table is told again. */
const [firstWait, longestWait] = [1_000, 30_000]

/** Gives destinations up: those that are to be left alone, as attempts say, and those with nothing to do. */
export class Departures {
  readonly #settings: DeparturesSettings
  /** What the table does not know yet, by destination. */
  readonly #leaving = new Map<string, Write<void>>()
  readonly #yieldTimes = new YieldTimes()

  constructor(settings: DeparturesSettings) {
    this.#settings = settings
  }

  /** Whether a destination is given up, which the table does not know yet. */
  has(destination: string): boolean {
    return this.#leaving.has(destination)
  }

  /** What an attempt says of its destination: it is there, or is to be left alone. */
  judge(lane: Lane, result: TurnResult): void {
    const { health } = result
    // What was under way when it was not the next one's turn has been tried.
    if (health === 'unknown' || (lane.isOver && !(lane.waits && health === 'unwell'))) return
    if (health === 'waits') {
      lane.waits = true
      this.#pause(lane, Math.min(result.retryAfter ?? shortPause, longestTurn), result)
    } else if (health === 'unwell') {
      this.#failed(lane.isOver ? this.#current(lane) : lane, result)
    } else {
      lane.health.succeeded()
      if (lane.knownPauses === 0) return
      lane.knownPauses = 0
      this.#clear(lane)
    }
  }

  /** Others may have it. */
  release(lane: Lane): void {
    this.#leave(lane, (knex) => releaseLane(knex, lane, this.#settings.holder.id))
  }

  /** Somebody waits for it, and others who may have a turn need the room more. */
  yield(lane: Lane): void {
    const { clock, holder } = this.#settings
    const until = clock.now() + this.#yieldTimes.next(lane, clock.monotonic())
    this.#leave(lane, (knex) => yieldLane(knex, lane, holder.id, { now: clock.now(), until }))
  }

  /** It may have been taken again since it was not its turn. */
  #current(lane: Lane): Lane {
    return this.#settings.lanes.get(lane.destination) ?? lane
  }

  #failed(lane: Lane, result: TurnResult): void {
    const pause = lane.health.failed(result.retryAfter)
    if (pause === undefined) return
    lane.waits = false
    this.#pause(lane, pause, result)
  }

  #pause(lane: Lane, pause: number, { last, moving }: TurnResult): void {
    const { clock, holder, lanes } = this.#settings
    const until = clock.now() + pause
    this.#leave(lane, (knex) => {
      const tried = lanes.busyFor(lane.destination)
      return pauseLane(knex, lane, holder.id, { until, last, moving, tried })
    })
  }

  #leave(lane: Lane, write: Write<void>): void {
    const { destination } = lane
    this.#settings.lanes.close(lane)
    const isTold = this.#leaving.has(destination)
    this.#leaving.set(destination, write)
    if (!isTold) void this.#tell(destination)
  }

  /** Until the table knows the last word: nobody looks soon at a destination that has an owner who does not work on it. */
  async #tell(destination: string): Promise<void> {
    const { commits, clock, log, signal } = this.#settings
    for (let pause = firstWait; ; pause = Math.min(pause * 2, longestWait)) {
      const write = this.#leaving.get(destination)
      if (write === undefined) return
      try {
        // Where others have the destination by now, it changes nothing.
        await commits.run(write)
        if (this.#leaving.get(destination) === write) this.#leaving.delete(destination)
      } catch (error) {
        log.warn('unavailable', { error })
        await wait(clock, pause, signal).catch(() => this.#leaving.delete(destination))
      }
    }
  }

  /** What need not be there: without it whoever takes the destination next counts pauses that are over. */
  #clear(lane: Lane): void {
    const { commits, holder, log } = this.#settings
    void commits
      .run((knex) => clearPauses(knex, lane, holder.id))
      .catch((error: unknown) => log.warn('unavailable', { error }))
  }
}
