import type { HealthSettings } from './health.ts'
import { Lane } from './lane.ts'
import type { QueuedRecipient } from './queued.ts'
import type { LaneRow } from './tables.ts'

export interface LanesSettings {
  readonly health: HealthSettings
  /** Recipients in all lines together. */
  readonly recipientsInMemory: number
}

// Every destination may have so many in memory, however many others there are.
const everybodysShare = 5
const longestLine = 2_000

/** The destinations that this process holds, and who waits for them in memory. */
export class Lanes {
  readonly #settings: LanesSettings
  readonly #lanes = new Map<string, Lane>()
  #waiting = 0

  constructor(settings: LanesSettings) {
    this.#settings = settings
  }

  get(destination: string): Lane | undefined {
    return this.#lanes.get(destination)
  }

  all(): readonly Lane[] {
    return [...this.#lanes.values()]
  }

  /** A destination that was taken just now. */
  open(row: Pick<LaneRow, 'destination' | 'fence' | 'pauses'>): Lane {
    const before = this.#lanes.get(row.destination)
    if (before !== undefined) this.close(before)
    const lane = new Lane(row, this.#settings.health)
    this.#lanes.set(row.destination, lane)
    return lane
  }

  /** Nothing new begins; what is in the line waits in the table. */
  close(lane: Lane): void {
    lane.isOver = true
    this.forget(lane)
    if (this.#lanes.get(lane.destination) === lane) this.#lanes.delete(lane.destination)
  }

  /** Empties a line: the table knows better. */
  forget(lane: Lane): void {
    this.#waiting -= lane.line.clear()
    lane.more = true
  }

  /** Puts a recipient into the line, or leaves it to the table where there is no room. */
  push(lane: Lane, recipient: QueuedRecipient): void {
    if (lane.isOver || lane.busy.has(recipient.number)) return
    if (this.roomOf(lane) <= 0) {
      lane.more = true
      return
    }
    const before = lane.line.size
    lane.line.add(recipient)
    this.#waiting += lane.line.size - before
  }

  /** How many more the line may have. */
  roomOf(lane: Lane): number {
    const room = Math.min(longestLine - lane.line.size, this.#settings.recipientsInMemory - this.#waiting)
    return Math.max(room, everybodysShare - lane.line.size)
  }

  /** Takes the next recipients of a line, who are busy from then on. */
  take(lane: Lane, most: number): ReturnType<Lane['line']['take']> {
    const turn = lane.line.take(most)
    for (const { number } of turn?.recipients ?? []) lane.busy.add(number)
    this.#waiting -= turn?.recipients.length ?? 0
    return turn
  }
}
