import type { QueuedRecipient } from '../tables/queued.ts'
import type { HealthSettings } from './health.ts'
import { Lane } from './lane.ts'
import type { TakenLane } from './lane-table.ts'

export interface LanesSettings {
  readonly health: HealthSettings
  /** Recipients in all lines together. */
  readonly recipientsInMemory: number
}

// Every destination may have so many in memory, as long as there are not too many destinations for that.
const everybodysShare = 5
const longestLine = 500
const shareOfWaiting = 0.75
const roomMade = 200

/** The destinations that this process holds, and who waits for them in memory. */
export class Lanes {
  readonly #settings: LanesSettings
  readonly #lanes = new Map<string, Lane>()
  /** Those that were given up while deliveries were under way. */
  readonly #ending = new Set<Lane>()
  readonly #busy = new Set<number>()
  readonly #loads = new Set<Set<number>>()
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

  /** How many more destinations there may be: each may have somebody in memory. */
  get room(): number {
    return Math.max(0, this.#settings.recipientsInMemory - this.#lanes.size)
  }

  /** How many more of those whose time has come there may be: some room is kept for what comes now, which waits for no others. */
  get roomForWaiting(): number {
    return Math.max(0, this.#mostWaiting - this.#lanes.size)
  }

  /**
   * How many there are too many, where others want room for so many. Where there is no room nobody knows of others, and some is made for
   * them.
   */
  surplus(wanted: number): number {
    const most = this.#mostWaiting
    const isFull = this.#lanes.size >= most
    const room = Math.min(isFull ? Math.max(wanted, roomMade) : wanted, Math.ceil(most / 3))
    return Math.max(0, this.#lanes.size + room - most)
  }

  get #mostWaiting(): number {
    return Math.ceil(this.#settings.recipientsInMemory * shareOfWaiting)
  }

  /** A destination that was taken just now, by a holder of this name. `now` is of the monotonic clock. */
  open(row: TakenLane, holder: string, now: number): Lane {
    const before = this.#lanes.get(row.destination)
    if (before !== undefined) this.close(before)
    const lane = new Lane(row, this.#settings.health, now)
    this.#lanes.set(row.destination, lane)
    // Nobody else has had it meanwhile: what is still under way counts.
    if (row.owner === holder)
      for (const ending of this.#ending)
        if (ending.destination === lane.destination) ending.fence = lane.fence
    return lane
  }

  /** Nothing new begins; what is in the line waits in the table. */
  close(lane: Lane): void {
    lane.isOver = true
    this.forget(lane)
    if (lane.busy.size > 0) this.#ending.add(lane)
    if (this.#lanes.get(lane.destination) === lane) this.#lanes.delete(lane.destination)
  }

  /** Empties a line: the table knows better. */
  forget(lane: Lane): void {
    this.#waiting -= lane.line.clear()
    this.readAgain(lane)
  }

  /** There is something new in the table. Where those who may not have a turn now fill the line, they make room for it. */
  added(lane: Lane, mayTake: (sender: string) => boolean): void {
    lane.more = true
    if (this.roomOf(lane) <= 0 && !lane.line.hasFor(mayTake)) this.forget(lane)
  }

  /** The table has more than was read of it, or than is being read. */
  readAgain(lane: Lane): void {
    lane.forgotten++
    lane.more = true
  }

  /** Puts a recipient into the line, or leaves it to the table where there is no room. */
  push(lane: Lane, recipient: QueuedRecipient): void {
    if (lane.isOver || this.#busy.has(recipient.number)) return
    if (this.roomOf(lane) <= 0 && !mayStandIn(lane, recipient)) {
      lane.more = true
      return
    }
    const before = lane.line.size
    lane.line.add(recipient)
    this.#waiting += lane.line.size - before
  }

  /** How many more the line may have. */
  roomOf(lane: Lane): number {
    const { recipientsInMemory } = this.#settings
    const room = Math.min(longestLine - lane.line.size, recipientsInMemory - this.#waiting)
    const share = Math.max(1, Math.min(everybodysShare, Math.floor(recipientsInMemory / this.#lanes.size)))
    return Math.max(room, share - lane.line.size)
  }

  /** Takes the next recipients of a line, who are busy from then on, of those senders who may. */
  take(lane: Lane, ...which: Parameters<Lane['line']['take']>): ReturnType<Lane['line']['take']> {
    const turn = lane.line.take(...which)
    for (const { number } of turn?.recipients ?? []) {
      lane.busy.add(number)
      this.#busy.add(number)
    }
    this.#waiting -= turn?.recipients.length ?? 0
    return turn
  }

  /** Whoever reads the table may read of some who are finished by the time that it is told: these, until {@link endLoad}. */
  beginLoad(): Set<number> {
    const finished = new Set<number>()
    this.#loads.add(finished)
    return finished
  }

  endLoad(finished: Set<number>): void {
    this.#loads.delete(finished)
  }

  /** Whether a recipient's delivery is under way, or its outcome not written yet: for whatever destination it began. */
  isBusy(number: number): boolean {
    return this.#busy.has(number)
  }

  /** All of these. */
  busy(): Iterable<number> {
    return this.#busy
  }

  /** Those whose deliveries to a destination are under way, or whose outcomes are not written yet. */
  busyFor(destination: string): readonly number[] {
    const ending = [...this.#ending].filter((lane) => lane.destination === destination)
    const lanes = new Set([...ending, this.#lanes.get(destination)])
    return [...lanes].flatMap((lane) => [...(lane?.busy ?? [])])
  }

  /** What came of a turn is written. */
  finish(lane: Lane, recipients: readonly QueuedRecipient[]): void {
    for (const { number } of recipients) {
      lane.busy.delete(number)
      this.#busy.delete(number)
      for (const finished of this.#loads) finished.add(number)
    }
    if (lane.busy.size === 0) this.#ending.delete(lane)
  }
}

/** Somebody of whom nobody is in the line need not wait for those who fill it. */
function mayStandIn({ line }: Lane, recipient: QueuedRecipient): boolean {
  return line.size < 2 * longestLine && !line.knows(recipient.message)
}
