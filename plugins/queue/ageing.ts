import type { Knex } from 'knex'
import { type Clock, type Database, type Failed, type Log, reply, type Timer } from 'mailwright'
import type { Farewell } from './farewell.ts'
import type { Holder } from './holder.ts'
import { readMessages } from './lane-table.ts'
import type { Lanes } from './lanes.ts'
import { expired } from './outcomes.ts'
import {
  type LastAttempt,
  type QueuedMessage,
  type QueuedRecipient,
  readLast,
  readRecipient,
} from './queued.ts'
import type { RecipientRow } from './tables.ts'

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
}

const lookEvery = 30_000
const atOnce = 500
const noAttempt = reply(451, '4.4.1', 'No attempt could be made in time')

/**
 * Looks after recipients whose turn does not come, since their destination is paused or busy: their senders are warned and told in
 * time all the same.
 */
export class Ageing {
  readonly #settings: AgeingSettings
  #timer: Timer | undefined
  #looking: Promise<void> | undefined
  #stopped = true

  constructor(settings: AgeingSettings) {
    this.#settings = settings
  }

  start(): void {
    this.#stopped = false
    if (this.#settings.tells) this.#schedule()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#looking
  }

  #schedule(): void {
    this.#timer = this.#settings.clock.after(lookEvery, () => {
      this.#looking = this.look()
        .catch((error: unknown) => this.#settings.log.warn('unavailable', { error }))
        .finally(() => {
          this.#looking = undefined
          if (!this.#stopped) this.#schedule()
        })
    })
  }

  /** Tells whom something has to be told by now. */
  async look(): Promise<void> {
    const { clock, farewell } = this.#settings
    const now = clock.now()
    const aged = await this.#settings.database.query((knex) => this.#find(knex, now))
    for (const [message, own] of Map.groupBy(aged, ({ recipient }) => recipient.message)) {
      if (this.#stopped || !this.#settings.holder.isAlive) return
      if (now >= message.expiresAt) await farewell.giveUp(message, own.map(givenUp))
      else await this.#warn(message, own)
    }
  }

  async #warn(message: QueuedMessage, aged: readonly Aged[]): Promise<void> {
    const told = aged.map(({ recipient, last }) => {
      const { attempts } = recipient
      const putOff = { recipient, due: 0, deadline: message.expiresAt, attempts, warned: true, last }
      return { recipient, outcome: { kind: 'delayed', putOff } as const }
    })
    await this.#settings.farewell.warn(
      message,
      told,
      aged.map(({ recipient }) => recipient),
    )
  }

  async #find(knex: Knex, now: number): Promise<readonly Aged[]> {
    const { holder, lanes } = this.#settings
    const rows: (RecipientRow & { readonly why: string | null })[] = await knex('queue_recipients')
      .join('queue_lanes', 'queue_lanes.destination', 'queue_recipients.destination')
      .where('queue_recipients.deadline', '<=', now)
      // Whoever is tried soon is told by that attempt.
      .where((lane) =>
        lane.where('queue_lanes.owner', holder.id).orWhere('queue_lanes.paused_until', '>', now),
      )
      .orderBy('queue_recipients.deadline')
      .limit(atOnce)
      .select('queue_recipients.*', 'queue_lanes.last as why')
    const waiting = rows.filter(({ destination, number }) => {
      const lane = lanes.get(destination)
      return lane === undefined || !(lane.busy.has(Number(number)) || lane.line.has(Number(number)))
    })
    const messages = await readMessages(
      knex,
      waiting.map(({ message }) => Number(message)),
    )
    return waiting.flatMap((row) => {
      const message = messages.get(Number(row.message))
      if (message === undefined) return []
      const recipient = readRecipient(row, message)
      return { recipient, last: recipient.last ?? readLast(row.why) ?? { at: now, reply: noAttempt } }
    })
  }
}

function givenUp({ recipient, last }: Aged): { recipient: QueuedRecipient; outcome: Failed } {
  return { recipient, outcome: expired(last) }
}
