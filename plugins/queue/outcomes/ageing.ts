import type { Knex } from 'knex'
import { type Clock, type Database, type Log, reply } from 'mailwright'
import { longestAnswer } from 'mailwright/smtp-client'
import type { Holder } from '../lanes/holder.ts'
import type { Lane } from '../lanes/lane.ts'
import { readMessages } from '../lanes/lane-loading.ts'
import type { Lanes } from '../lanes/lanes.ts'
import type { Farewell, GivenUp } from '../reports/farewell.ts'
import {
  type LastAttempt,
  type QueuedMessage,
  type QueuedRecipient,
  readLast,
  readRecipient,
} from '../tables/queued.ts'
import { type Regular, regularly } from '../tables/regularly.ts'
import { patience } from '../tables/retry-schedule.ts'
import type { LaneRow, RecipientRow } from '../tables/tables.ts'
import { givenUp } from './bouncing.ts'
import { expired } from './outcomes.ts'
import { isGivenUp } from './under-way.ts'

export interface AgeingSettings {
  readonly database: Database
  readonly farewell: Farewell
  readonly holder: Holder
  readonly lanes: Lanes
  readonly clock: Clock
  readonly log: Log
  /** Whether anybody tells senders. */
  readonly tells: boolean
}

interface Aged {
  readonly recipient: QueuedRecipient
  /** Its own, or that of its destination. */
  readonly last: LastAttempt
  /** Whatever its age is: others have their turns at its destination, and its own comes. */
  readonly waitsForTurn: boolean
  /** By the postmaster, whatever its deadline was, in milliseconds since 1970. */
  readonly givenUpAt: number | undefined
}

/** With why its destination is left alone, and until when. */
type AgedRow = RecipientRow & Pick<LaneRow, 'paused_until' | 'moving'> & { readonly why: string | null }

/** When somebody looks, and which destinations do not get on then. */
interface Moment {
  readonly now: number
  readonly stuck: readonly string[]
}

/** In the order of deadlines. */
type Place = Readonly<Record<'deadline' | 'number', number>>

const lookEvery = 30_000
/** Milliseconds that are left for the attempt at the end of a recipient's time. */
const attemptTime = 60_000
/** Milliseconds in a line that moves: after a pause many are late who are delivered soon. */
const longestTurn = 900_000
const atOnce = 500
const noAttempt = reply(451, '4.4.1', 'No attempt could be made in time')

/**
 * Looks after recipients whose turn does not come in time, since they wait for their next attempt, or since their destination is paused,
 * slow, or does not get on: their senders are warned and told all the same. Where others have their turns they are only warned. Those of whoever a
 * postmaster has given up while it was being tried are told, too.
 */
export class Ageing {
  readonly #settings: AgeingSettings
  readonly #looking: Regular
  #looks = 0
  #stopped = false

  constructor(settings: AgeingSettings) {
    this.#settings = settings
    this.#looking = regularly({ ...settings, every: lookEvery }, () => this.look())
  }

  /** Rejects where the table cannot be read. MAIL_E_UNAVAILABLE. */
  async start(): Promise<void> {
    if (this.#settings.tells) await this.#looking.start()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#looking.stop()
  }

  /** Tells whom something has to be told by now. */
  async look(): Promise<void> {
    const { clock, database, holder } = this.#settings
    const now = clock.now()
    this.#looks++
    for (let after: Place | undefined; ; ) {
      const { aged, last } = await database.query((knex) => this.#find(knex, now, after))
      for (const [message, own] of Map.groupBy(aged, ({ recipient }) => recipient.message)) {
        if (this.#stopped || !holder.isAlive) return
        await this.#tell(message, own, now)
      }
      if (last === undefined) return
      after = last
    }
  }

  /** One message that cannot be read keeps nobody else from being told. */
  async #tell(message: QueuedMessage, aged: readonly Aged[], now: number): Promise<void> {
    const { farewell, log } = this.#settings
    try {
      const isOver = now >= message.expiresAt
      const { over = [], late = [] } = Object.groupBy(aged, (one) =>
        one.givenUpAt !== undefined || (isOver && !one.waitsForTurn) ? 'over' : 'late',
      )
      // Whoever gives up what cannot be read may know that nobody ever can.
      const isAbandoned = ({ givenUpAt = now }: Aged): boolean => givenUpAt <= now - patience
      for (const unread of [true, false]) {
        const some = over.filter((one) => isAbandoned(one) === unread)
        if (some.length > 0) await farewell.giveUp(message, some.map(ended), { agedBy: now, unread })
      }
      if (late.length > 0) await this.#warn(message, late, now)
    } catch (error) {
      log.warn('unavailable', { transaction: message.id, error })
    }
  }

  async #warn(message: QueuedMessage, aged: readonly Aged[], now: number): Promise<void> {
    const told = aged.map(({ recipient, last }) => {
      const { attempts } = recipient
      const putOff = { recipient, due: 0, deadline: message.expiresAt, attempts, warned: true, last }
      return {
        recipient,
        outcome: { kind: 'delayed', putOff } as const,
        lastAttempt: recipient.last?.at ?? 'none',
      } as const
    })
    await this.#settings.farewell.warn(message, told, { agedBy: now })
  }

  /**
   * Destinations of this process from which nothing comes. Where mail goes, however long the line has become while nobody worked at it,
   * everybody in it has an attempt.
   */
  #stuck(): readonly string[] {
    const since = this.#settings.clock.monotonic() - longestAnswer
    return this.#some(({ movedAt }) => movedAt <= since)
  }

  /** Those that have been at work for long, and have still somebody waiting. */
  #slow(): readonly string[] {
    const since = this.#settings.clock.monotonic() - longestTurn
    return this.#some(({ takenAt, line, more }) => takenAt <= since && (more || line.size > 0))
  }

  /** Where there are many, others are looked at the next time. */
  #some(isMeant: (lane: Lane) => boolean): readonly string[] {
    const meant = this.#settings.lanes.all().filter(isMeant)
    const start = meant.length <= atOnce ? 0 : (this.#looks * atOnce) % meant.length
    return [...meant.slice(start), ...meant.slice(0, start)]
      .slice(0, atOnce)
      .map(({ destination }) => destination)
  }

  /** Restricts a query to those for whom no attempt comes in time. */
  #late(knex: Knex, query: Knex.QueryBuilder, { now, stuck }: Moment): void {
    const dueBefore = (rows: Knex.QueryBuilder, due: number) =>
      rows
        .where('queue_recipients.due', '<=', due)
        .where('queue_recipients.deadline', '<=', now - attemptTime)
    // Whoever only waits for others' turns is not left alone.
    const paused = (rows: Knex.QueryBuilder) => rows.where('queue_lanes.paused_until', '>', now)
    query
      .where((alone) =>
        paused(alone).where((one) =>
          one.whereNull('queue_lanes.moving').orWhere('queue_lanes.moving', false),
        ),
      )
      // All of a message are warned of at the same time, whenever each of them is tried next.
      .orWhere('queue_recipients.due', '>', now)
      .orWhere((still) => dueBefore(still.whereIn('queue_recipients.destination', stuck), now - attemptTime))
      // They are warned of; nobody is given up whose turn comes.
      .orWhere((slow) =>
        dueBefore(
          slow.where((one) =>
            one
              .where((working) =>
                working
                  .whereIn('queue_recipients.destination', this.#slow())
                  .whereExists(stillInTime(knex, now)),
              )
              // Behind their time, too: others' turns may take for long.
              .orWhere((others) => paused(others).where('queue_lanes.moving', true)),
          ),
          now - longestTurn,
        ).where('queue_recipients.warned', false),
      )
  }

  /** A page of them. `last` is where the next one begins. */
  async #find(
    knex: Knex,
    now: number,
    after: Place | undefined,
  ): Promise<{ readonly aged: readonly Aged[]; readonly last: Place | undefined }> {
    const { holder, lanes } = this.#settings
    const moment = { now, stuck: this.#stuck() }
    const query = knex('queue_recipients')
      .join('queue_lanes', 'queue_lanes.destination', 'queue_recipients.destination')
      .where('queue_recipients.deadline', '<=', now)
      // Whoever is tried soon is told by that attempt.
      .whereIn('queue_lanes.owner', ['', holder.id])
      .where((late) => this.#late(knex, late, moment))
    if (after !== undefined)
      query.where((later) =>
        later
          .where('queue_recipients.deadline', '>', after.deadline)
          .orWhere((same) =>
            same
              .where('queue_recipients.deadline', after.deadline)
              .where('queue_recipients.number', '>', after.number),
          ),
      )
    const rows: AgedRow[] = await query
      .orderBy(['queue_recipients.deadline', 'queue_recipients.number'])
      .limit(atOnce)
      .select(
        'queue_recipients.*',
        'queue_lanes.last as why',
        'queue_lanes.paused_until',
        'queue_lanes.moving',
      )
    const waiting = rows.filter(
      ({ destination, number }) =>
        !lanes.isBusy(Number(number)) && !lanes.get(destination)?.line.has(Number(number)),
    )
    const messages = await readMessages(
      knex,
      waiting.map(({ message }) => Number(message)),
    )
    const aged = waiting.flatMap((row) => {
      const message = messages.get(Number(row.message))
      const recipient = message && readRecipient(row, message)
      if (recipient === undefined) return []
      const last = recipient.last ?? readLast(row.why) ?? { at: now, reply: noAttempt }
      const givenUpAt = isGivenUp(row) ? Number(row.deadline) : undefined
      return { recipient, last, waitsForTurn: waitsForTurn(row, moment), givenUpAt }
    })
    const end = rows.length < atOnce ? undefined : rows.at(-1)
    return { aged, last: end && { deadline: Number(end.deadline), number: Number(end.number) } }
  }
}

function stillInTime(knex: Knex, now: number): Knex.QueryBuilder {
  return knex('queue_messages')
    .where('queue_messages.number', knex.ref('queue_recipients.message'))
    .where('queue_messages.expires_at', '>', now)
}

/** Nothing keeps it from being tried but others who are. */
function waitsForTurn({ due, destination, paused_until, moving }: AgedRow, { now, stuck }: Moment): boolean {
  const isLeftAlone = Number(paused_until) > now && !moving
  return Number(due) <= now && !isLeftAlone && !stuck.includes(destination)
}

function ended({ recipient, last, givenUpAt }: Aged): GivenUp {
  if (givenUpAt !== undefined) return givenUp(recipient)
  return { recipient, outcome: expired(last), lastAttempt: recipient.last?.at ?? 'none' }
}
