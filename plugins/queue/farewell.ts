import type { Knex } from 'knex'
import {
  bufferContent,
  type Clock,
  createMessage,
  type DeliveryFlow,
  type Failed,
  type Message,
  readAll,
} from 'mailwright'
import type { Contents } from './contents.ts'
import type { GroupCommit } from './group-commit.ts'
import { destinationsOf, type Intake, type Prepared, writePrepared } from './intake.ts'
import type { QueuedMessage, QueuedRecipient } from './queued.ts'
import type { Reportable, Reports } from './reports.ts'
import type { Scheduler } from './scheduler.ts'
import { never } from './tables.ts'

export interface FarewellSettings {
  readonly commits: GroupCommit
  readonly contents: Contents
  readonly intake: Intake
  readonly reports: Reports
  readonly delivery: DeliveryFlow
  readonly scheduler: () => Scheduler
  readonly clock: Clock
}

/** Recipients whose deadline has passed at a time: what is held meanwhile has none. */
interface OnlyThose {
  readonly agedBy?: number
}

/** Somebody else has changed one of the recipients meanwhile. */
class ChangedError extends Error {}

/** Tells senders of recipients for whom no attempt is made: what they are told of is written together with the telling. */
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
    told: readonly { recipient: QueuedRecipient; outcome: Failed }[],
    { agedBy }: OnlyThose = {},
  ): Promise<boolean> {
    return this.#tell(message, told, async (knex) => {
      const numbers = told.map(({ recipient }) => recipient.number)
      const rows = knex('queue_recipients').whereIn('number', numbers)
      if (agedBy !== undefined) rows.where('deadline', '<=', agedBy)
      if ((await rows.delete()) !== numbers.length) throw new ChangedError()
      return deleteIfEmpty(knex, message.number)
    })
  }

  /** Tells that it takes long. */
  warn(
    message: QueuedMessage,
    told: readonly Reportable[],
    recipients: readonly QueuedRecipient[],
    { agedBy }: Required<OnlyThose>,
  ): Promise<boolean> {
    return this.#tell(message, told, async (knex) => {
      const numbers = recipients.map(({ number }) => number)
      const warned = await knex('queue_recipients')
        .whereIn('number', numbers)
        .where({ warned: false })
        .where('deadline', '<=', agedBy)
        .update({ warned: true, deadline: message.expiresAt })
      if (warned !== numbers.length) throw new ChangedError()
      return false
    })
  }

  /** Leaves recipients to the postmaster, since nobody can read what they should be told of. */
  async hold(recipients: readonly QueuedRecipient[]): Promise<void> {
    const numbers = recipients.map(({ number }) => number)
    await this.#settings.commits.run((knex) =>
      knex('queue_recipients').whereIn('number', numbers).update({ due: never, deadline: never }),
    )
  }

  async #tell(
    message: QueuedMessage,
    told: readonly Reportable[],
    write: (knex: Knex.Transaction) => Promise<boolean>,
  ): Promise<boolean> {
    const { intake, reports, clock, commits, scheduler, contents } = this.#settings
    const now = clock.now()
    const open = await this.#settings.contents.open(message)
    let prepared: Prepared | undefined
    try {
      const content = await createMessage(open.content)
      prepared = await intake.prepare(await reports.of(message, content, told, now), now)
      const made = await commits.run(async (knex) => {
        const isEmpty = await write(knex)
        await writePrepared(knex, prepared as Prepared)
        return { isEmpty, taken: await scheduler().join(knex, destinationsOf(prepared?.recipients ?? [])) }
      })
      scheduler().joined(made.taken, prepared)
      if (made.isEmpty) await contents.remove(message)
      this.#report(message, content, told)
      return true
    } catch (error) {
      if (prepared !== undefined) intake.discard(prepared)
      if (error instanceof ChangedError) return false
      throw error
    } finally {
      await open.close()
    }
  }

  #report(message: QueuedMessage, content: Message, told: readonly Reportable[]): void {
    const { session, reversePath, parameters } = message.envelope
    for (const { recipient, outcome } of told) {
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

/** Removes a message that nobody waits for any more; says whether it did. */
export async function deleteIfEmpty(knex: Knex, number: number): Promise<boolean> {
  const waiting = await knex('queue_recipients').where({ message: number }).first('number')
  if (waiting !== undefined) return false
  return (await knex('queue_messages').where({ number }).delete()) > 0
}
