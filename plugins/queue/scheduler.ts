import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, type Database, type Log, type Timer, wait } from 'mailwright'
import type { Deliver } from './deliverer.ts'
import { Departures } from './departures.ts'
import { destinationsOf, type Prepared } from './intake/intake.ts'
import { DeliverySlots } from './lanes/delivery-slots.ts'
import { DueLooks } from './lanes/due-looks.ts'
import type { Turn } from './lanes/fair-line.ts'
import type { Holder } from './lanes/holder.ts'
import type { Lane } from './lanes/lane.ts'
import { joinLanes, type TakenLane, type Taker } from './lanes/lane-table.ts'
import type { Lanes } from './lanes/lanes.ts'
import { ReadyLanes } from './lanes/ready-lanes.ts'
import { Refills } from './lanes/refills.ts'
import { UnwrittenOutcomes } from './outcomes/unwritten-outcomes.ts'
import type { GroupCommit } from './tables/group-commit.ts'
import { Turnover } from './turnover.ts'

export interface SchedulerSettings {
  readonly database: Database
  readonly commits: GroupCommit
  readonly holder: Holder
  readonly lanes: Lanes
  readonly clock: Clock
  readonly log: Log
  /** Deliveries at the same time, without slow ones. */
  readonly deliveries: number
  readonly recipientsPerDelivery: number
  /** Aborts when nothing new begins any more. */
  readonly signal: AbortSignal
}

const tick = 1_000
const lanesAtOnce = 200
/** Milliseconds until a message is read again that cannot be read now. */
const unreadPause = 5_000
/** Such messages of a destination that wait without a delivery's place. */
const unreadBeside = 5
/**
 * Deliveries that begin in one turn of the event loop. Where the processor has more to do than it can, turns become long, and less is
 * begun: what is under way, and whoever else is served by the process, does not become slow.
 */
const begunAtOnce = 20

/**
 * Decides what is delivered next: senders take turns, and so do their destinations, each with as many deliveries as it bears and as are
 * left for it. What waits is read from the table by portions.
 */
export class Scheduler {
  readonly #settings: SchedulerSettings
  readonly #deliver: Deliver
  readonly #ready = new ReadyLanes()
  readonly #slots: DeliverySlots
  readonly #refills: Refills
  readonly #turns = new Set<Promise<void>>()
  readonly #departures: Departures
  readonly #looks: DueLooks
  readonly #turnover: Turnover
  readonly #unwritten: UnwrittenOutcomes
  readonly #mayTake = (sender: string): boolean => this.#slots.mayTake(sender)
  #pumping: NodeJS.Immediate | undefined
  #timer: Timer | undefined
  #looking: Promise<void> | undefined
  #lookAgain = false
  #serving = false

  constructor(settings: SchedulerSettings, deliver: Deliver) {
    this.#settings = settings
    this.#deliver = deliver
    this.#departures = new Departures(settings)
    this.#looks = new DueLooks(settings)
    this.#unwritten = new UnwrittenOutcomes(settings.clock)
    this.#slots = new DeliverySlots(settings, () => this.#pump())
    this.#refills = new Refills({ ...settings, mayTake: this.#mayTake }, (lanes) => {
      for (const lane of lanes) this.#offer(lane)
    })
    const [departures, mayTake] = [this.#departures, this.#mayTake]
    this.#turnover = new Turnover({ ...settings, departures, mayTake, wake: (lane) => this.#wake(lane) })
  }

  /** Whether this process delivers; one that only runs a command leaves that to others. */
  get isServing(): boolean {
    return this.#serving
  }

  start(): void {
    this.#serving = true
    this.look()
  }

  /** Begins nothing new and waits for what is under way. */
  async stop(): Promise<void> {
    this.#serving = false
    this.#timer?.cancel()
    await this.#looking
    await Promise.all(this.#turns)
  }

  /** In the transaction that writes recipients: says that they are there, and takes destinations that nobody holds. */
  async join(
    knex: Parameters<typeof joinLanes>[0],
    destinations: readonly string[],
  ): Promise<readonly TakenLane[]> {
    const { lanes, holder, clock } = this.#settings
    const foreign = destinations.filter(
      (destination) => !holder.isAlive || lanes.get(destination) === undefined,
    )
    if (foreign.length === 0) return []
    const takes = this.#serving && holder.isAlive && lanes.room > 0
    return joinLanes(knex, foreign, takes ? this.#taker : undefined, clock.now())
  }

  get #taker(): Taker {
    const { holder, lanes } = this.#settings
    const worksOn = (destination: string): boolean => lanes.get(destination) !== undefined
    const leaves = (destination: string): boolean => this.#departures.has(destination)
    return { owner: holder.id, worksOn, leaves }
  }

  /** After it: opens what was taken, and lines up who is due. */
  joined(taken: readonly TakenLane[], { recipients, rows }: Pick<Prepared, 'recipients' | 'rows'>): void {
    const { lanes, clock } = this.#settings
    const touched = new Set(taken.map((row) => this.#open(row)))
    const now = clock.now()
    for (const [index, recipient] of recipients.entries()) {
      const lane = lanes.get(recipient.destination)
      if (lane === undefined) continue
      const due = Number(rows[index]?.due)
      if (due <= now) lanes.push(lane, recipient)
      else lane.nextDue = Math.min(lane.nextDue, due)
      touched.add(lane)
    }
    for (const lane of touched) this.#wake(lane)
  }

  /** Instead of it, where no answer came: it may be in the table all the same. */
  unanswered({ recipients }: Pick<Prepared, 'recipients'>): void {
    if (this.#serving) this.#looks.doubt(destinationsOf(recipients))
  }

  /** Looks at the table soon. `anew`: what is in memory may not be so any more. */
  look({ anew = false }: { readonly anew?: boolean } = {}): void {
    if (!this.#serving) return
    const { lanes } = this.#settings
    if (anew)
      for (const lane of lanes.all()) {
        lanes.forget(lane)
        this.#wake(lane)
      }
    this.#lookAgain = true
    this.#looking ??= this.#lookRepeatedly()
  }

  /** Others may have taken what this process held: it takes anew what is still its own. */
  startAgain(): void {
    const { lanes } = this.#settings
    for (const lane of lanes.all()) lanes.close(lane)
    this.look()
  }

  async #lookRepeatedly(): Promise<void> {
    this.#timer?.cancel()
    while (this.#lookAgain && this.#serving) {
      this.#lookAgain = false
      await nextTurn()
      await this.#lookOnce().catch((error: unknown) => this.#settings.log.warn('unavailable', { error }))
    }
    this.#looking = undefined
    if (this.#serving) this.#timer = this.#settings.clock.after(tick, () => this.look())
  }

  async #lookOnce(): Promise<void> {
    const { holder, lanes } = this.#settings
    if (!holder.isAlive) return
    const most = Math.min(lanesAtOnce, lanes.roomForWaiting)
    const { taken, own, left, more } = await this.#looks.look(this.#taker, { most, atOnce: lanesAtOnce })
    for (const row of taken) this.#wake(this.#open(row))
    for (const destination of own) {
      const lane = lanes.get(destination)
      if (lane === undefined) continue
      lanes.added(lane, this.#mayTake)
      this.#wake(lane)
    }
    const yielded = this.#turnover.look(left)
    // Room that is made in this way is for others who come, not for all who wait there at once.
    if (more && taken.length + own.length > 0 && yielded === 0) this.#lookAgain = true
  }

  #open(row: TakenLane): Lane {
    const { lanes, holder, clock } = this.#settings
    return lanes.open(row, holder.id, clock.monotonic())
  }

  /** Something has changed for a destination. */
  #wake(lane: Lane): void {
    if (!this.#serving) return
    this.#refills.refill(lane)
    this.#offer(lane)
  }

  #offer(lane: Lane): void {
    if (this.#mayDeliver(lane)) this.#ready.add(lane)
    this.#pump()
  }

  /** Begins what may begin, in the next turns of the event loop. */
  #pump(): void {
    this.#pumping ??= setImmediate(() => {
      this.#pumping = undefined
      if (this.#beginSome() >= begunAtOnce) this.#pump()
    })
  }

  /** Answers how many. */
  #beginSome(): number {
    const { holder } = this.#settings
    const mayBegin = (): boolean =>
      this.#serving && holder.isAlive && !this.#unwritten.areLate && this.#slots.free > 0
    for (let begun = 0; ; begun++) {
      const lane =
        begun < begunAtOnce && mayBegin()
          ? this.#ready.next((one) => this.#mayDeliver(one), this.#mayTake)
          : undefined
      if (lane === undefined) return begun
      this.#begin(lane)
      this.#wake(lane)
    }
  }

  /** As many as it bears, and never more than half of what is left: slow destinations leave room for all others. */
  #mayDeliver(lane: Lane): boolean {
    const most = Math.min(lane.health.window, Math.max(1, this.#slots.free / 2))
    return !lane.isOver && lane.line.size > 0 && lane.active < most
  }

  #begin(lane: Lane): void {
    const turn = this.#settings.lanes.take(lane, this.#settings.recipientsPerDelivery, this.#mayTake)
    if (turn === undefined) return
    lane.active++
    const running = this.#run(lane, turn, this.#slots.take(turn.sender))
    this.#turns.add(running)
    void running.finally(() => this.#turns.delete(running))
  }

  async #run(lane: Lane, turn: Turn, giveBack: () => void): Promise<void> {
    const result = await this.#deliver(lane, turn)
    const { lanes, clock } = this.#settings
    const makeRoom = (): void => {
      lane.ended(clock.monotonic())
      giveBack()
      this.#departures.judge(lane, result)
      this.#wake(lane)
    }
    if (result.unread === true) await this.#pauseUnread(lane, makeRoom)
    else makeRoom()
    await this.#unwritten.until(result.written)
    lanes.finish(lane, turn.recipients)
    if (result.unread === true || result.overdue === true) lanes.readAgain(lane)
    this.#wake(lane)
  }

  /** Others go on meanwhile. Of many some keep their places: a folder that is away is not asked for all of them at once. */
  async #pauseUnread(lane: Lane, makeRoom: () => void): Promise<void> {
    const { clock, signal } = this.#settings
    const over = wait(clock, unreadPause, signal).catch(() => undefined)
    if (lane.unread >= unreadBeside) {
      await over
      makeRoom()
      return
    }
    lane.unread++
    makeRoom()
    await over
    lane.unread--
  }
}
