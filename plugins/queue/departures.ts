import type { Clock, Log } from 'mailwright'
import type { TurnResult } from './deliverer.ts'
import type { Holder } from './lanes/holder.ts'
import type { Lane } from './lanes/lane.ts'
import { clearPauses, pauseLane, releaseLane } from './lanes/lane-table.ts'
import type { Lanes } from './lanes/lanes.ts'
import type { GroupCommit, Write } from './tables/group-commit.ts'

export interface DeparturesSettings {
  readonly commits: GroupCommit
  readonly holder: Holder
  readonly lanes: Lanes
  readonly clock: Clock
  readonly log: Log
}

/** Milliseconds of a pause of which nothing else is said. */
const shortPause = 1_000

/** Gives destinations up: those that are to be left alone, as attempts say, and those with nothing to do. */
export class Departures {
  readonly #settings: DeparturesSettings
  /** Of which the table does not know yet. */
  readonly #leaving = new Set<string>()

  constructor(settings: DeparturesSettings) {
    this.#settings = settings
  }

  /** Whether a destination is given up, which the table does not know yet. */
  has(destination: string): boolean {
    return this.#leaving.has(destination)
  }

  /** What an attempt says of its destination: it is there, or is to be left alone. */
  judge(lane: Lane, result: TurnResult): void {
    const { holder } = this.#settings
    const { health } = result
    // What was under way when it was not the next one's turn has been tried.
    if (health === 'unknown' || (lane.isOver && !(lane.waits && health === 'unwell'))) return
    if (health === 'waits') {
      lane.waits = true
      this.#pause(lane, result.retryAfter ?? shortPause, result)
    } else if (health === 'unwell') {
      this.#failed(lane.isOver ? this.#current(lane) : lane, result)
    } else {
      lane.health.succeeded()
      if (lane.knownPauses === 0) return
      lane.knownPauses = 0
      void this.#write((knex) => clearPauses(knex, lane, holder.id))
    }
  }

  /** Others may have it. */
  release(lane: Lane): void {
    this.#leave(lane, (knex) => releaseLane(knex, lane, this.#settings.holder.id))
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
    const { clock, holder } = this.#settings
    const until = clock.now() + pause
    this.#leave(lane, (knex) => pauseLane(knex, lane, holder.id, { until, last, moving }))
  }

  #leave(lane: Lane, write: Write<void>): void {
    const { destination } = lane
    this.#settings.lanes.close(lane)
    this.#leaving.add(destination)
    void this.#write(write).finally(() => this.#leaving.delete(destination))
  }

  /** What need not be there: without it a destination is looked at once more than necessary. */
  #write(write: Write<void>): Promise<void> {
    const { commits, log } = this.#settings
    return commits.run(write).catch((error: unknown) => log.warn('unavailable', { error }))
  }
}
