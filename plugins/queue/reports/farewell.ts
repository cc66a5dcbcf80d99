import type { Knex } from 'knex'
import {
  bufferContent,
  type Clock,
  createMessage,
  type DeliveryFlow,
  type Failed,
  type Log,
  type Message,
  readAll,
} from 'mailwright'
import { openToTell } from '../intake/contents.ts'
import { areAll, type QueuedMessage, type QueuedRecipient } from '../tables/queued.ts'
import { ChangedError, keepNews, type NewsSettings } from './news.ts'
import type { Reportable, Reports } from './reports.ts'
import type { Teller } from './teller.ts'
import { writeToTell } from './to-tell.ts'

export interface FarewellSettings extends NewsSettings {
  readonly reports: Reports
  readonly teller: Teller
  readonly delivery: DeliveryFlow
  readonly clock: Clock
  readonly log: Log
}

interface HowToGiveUp {
  /** Only those whose deadline has passed by then: what is held meanwhile has none. */
  readonly agedBy?: number
  /** Others of the message follow, and then {@link Farewell.tell}. */
  readonly goesOn?: boolean
  /** Without its content where that cannot be read now. */
  readonly unread?: boolean
}

interface Change {
  /** Says whether recipients are removed by it. */
  readonly write: (knex: Knex, numbers: readonly number[]) => Promise<boolean>
  readonly goesOn: boolean
  readonly unread?: boolean
}

type About = Reportable & { readonly recipient: QueuedRecipient }

/** A recipient for whom no other attempt is made. */
export type GivenUp = About & { readonly outcome: Failed }

/** Ends the waiting of recipients for whom no attempt is made: what their senders are told is written together with that. */
export class Farewell {
  readonly #settings: FarewellSettings

  constructor(settings: FarewellSettings) {
    this.#settings = settings
  }

  /** Whether anybody tells senders. */
  get tells(): boolean {
    return this.#settings.reports.tellsFailures
  }

  /** The whole message in memory. MAIL_E_NOT_FOUND, MAIL_E_UNAVAILABLE. */
  async message(message: Pick<QueuedMessage, 'number' | 'size'>): Promise<Message> {
    const open = await this.#settings.contents.open(message)
    try {
      return await createMessage(bufferContent(await readAll(open.content)))
    } finally {
      await open.close()
    }
  }

  /** Gives recipients of one message up. Says whether it did: not where another process was quicker. */
  giveUp(
    message: QueuedMessage,
    about: readonly GivenUp[],
    { agedBy, goesOn = false, unread = false }: HowToGiveUp = {},
  ): Promise<boolean> {
    const write = async (knex: Knex, numbers: readonly number[]): Promise<true> => {
      const rows = knex('queue_recipients').whereIn('number', numbers)
      if (agedBy !== undefined) rows.where('deadline', '<=', agedBy)
      if ((await rows.delete()) !== numbers.length) throw new ChangedError()
      return true
    }
    return this.#tell(message, about, { write, goesOn, unread })
  }

  /** Tells that it takes long. */
  warn(
    message: QueuedMessage,
    about: readonly About[],
    { agedBy }: { readonly agedBy: number },
  ): Promise<boolean> {
    const write = async (knex: Knex, numbers: readonly number[]): Promise<false> => {
      const warned = await knex('queue_recipients')
        .whereIn('number', numbers)
        .where({ warned: false })
        .where('deadline', '<=', agedBy)
        .update({ warned: true, deadline: message.expiresAt })
      if (warned !== numbers.length) throw new ChangedError()
      return false
    }
    return this.#tell(message, about, { write, goesOn: false })
  }

  /** Tells what {@link giveUp} has left for the end. MAIL_E_UNAVAILABLE: it is told all the same, a moment later. */
  tell(messages: readonly number[]): Promise<void> {
    return this.#settings.teller.tellAll(messages)
  }

  async #tell(message: QueuedMessage, about: readonly About[], how: Change): Promise<boolean> {
    const { write, goesOn } = how
    const { reports, clock, teller } = this.#settings
    const now = clock.now()
    const recipients = about.map(({ recipient }) => recipient)
    const numbers = recipients.map(({ number }) => number)
    const isAll = areAll(message, recipients)
    const open = await openToTell(this.#settings, message, how)
    try {
      const content = await createMessage(open.content)
      const notifications = isAll ? await reports.of(message, content, about, now) : []
      const later = isAll ? [] : await teller.rows(message, about, now)
      const change = async (knex: Knex): Promise<boolean> => {
        const isRemoved = await write(knex, numbers)
        await writeToTell(knex, later)
        return isRemoved
      }
      if (!(await keepNews(this.#settings, { about: message, notifications, change, now }))) return false
      if (!goesOn) teller.noted(message, later)
      this.#report(message, content, about)
      return true
    } finally {
      await open.close()
    }
  }

  #report(message: QueuedMessage, content: Message, about: readonly Reportable[]): void {
    const { session, reversePath, parameters } = message.envelope
    for (const { recipient, outcome } of about) {
      const { route, recipient: original, parameters: own } = recipient.delivery
      if (outcome.kind !== 'failed' || route === undefined) continue
      this.#settings.delivery.giveUp(
        { id: message.id, reversePath, parameters, ...(session === undefined ? {} : { session }) },
        { recipient: original, parameters: own, route, message: content },
        outcome,
      )
    }
  }
}
