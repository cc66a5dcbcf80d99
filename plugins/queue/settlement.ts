import type { Knex } from 'knex'
import {
  type Attempt,
  type AttemptItem,
  type Clock,
  type DeliveryFlow,
  errorCode,
  type Failed,
  type Log,
  type Message,
  reply,
  wait,
} from 'mailwright'
import type { Contents } from './contents.ts'
import { deleteIfEmpty } from './farewell.ts'
import { Finished } from './finished.ts'
import { forwardedMessages } from './forwarded-messages.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Holder } from './holder.ts'
import {
  destinationsOf,
  type Intake,
  type NewMessage,
  type NewRecipient,
  type Prepared,
  writePrepared,
} from './intake.ts'
import type { Lane } from './lane.ts'
import { holdsLane } from './lane-table.ts'
import { type Concluded, type PutOff, putOff, stuckFor } from './outcomes.ts'
import { writePutOffs } from './put-offs.ts'
import type { QueuedMessage, QueuedRecipient } from './queued.ts'
import type { Reportable, Reports } from './reports.ts'
import type { RetrySchedule } from './retry-schedule.ts'
import type { Scheduler } from './scheduler.ts'
import type { RecipientRow } from './tables.ts'

export interface SettlementSettings {
  readonly commits: GroupCommit
  readonly holder: Holder
  readonly intake: Intake
  readonly contents: Contents
  readonly reports: Reports
  readonly schedule: RetrySchedule
  readonly delivery: DeliveryFlow
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** What is to be written of one turn. */
interface Decided {
  /** Recipients who have it now, whoever holds the destination by now. */
  readonly finished: readonly number[]
  /** Those that were given up, or that others take the place of. */
  readonly over: readonly number[]
  readonly putOffs: readonly PutOff[]
  /** Nobody tells their senders: they wait for the postmaster. */
  readonly stuck: readonly PutOff[]
  /** Notifications. */
  readonly news: readonly NewMessage[]
  /** Those that the notifications may be about. */
  readonly told: readonly number[]
  /** In the place of those that lead elsewhere by now. */
  readonly moved: readonly NewRecipient[]
  /** Those among the others whose time is over, without another refusal. */
  readonly expired: readonly { readonly recipient: QueuedRecipient; readonly outcome: Failed }[]
}

interface Settled extends Decided {
  readonly added: Prepared
}

const contentLost = reply(451, '4.3.0', 'The content of the message is not there any more')
const firstPause = 1_000
const longestPause = 30_000

/** Makes durable what came of attempts, together with the notifications about it. */
export class Settlement {
  readonly #settings: SettlementSettings
  readonly #scheduler: () => Scheduler
  readonly #finished: Finished

  constructor(settings: SettlementSettings, scheduler: () => Scheduler) {
    this.#settings = settings
    this.#scheduler = scheduler
    this.#finished = new Finished(settings.commits)
  }

  /**
   * Resolves when it is in the table; tries for as long as the process lives. `content` is undefined where the message could not be
   * read. Does not reject.
   */
  async settle(
    lane: Lane,
    message: QueuedMessage,
    content: Message | undefined,
    concluded: readonly Concluded[],
  ): Promise<void> {
    let decided: Decided | undefined
    for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
      try {
        decided ??= await this.#decided(message, content, concluded)
        if (await this.#settleOnce(lane, message, decided))
          for (const { recipient, outcome } of decided.expired)
            this.#giveUp(message, content, recipient, outcome)
        return
      } catch (error) {
        this.#settings.log.error('unavailable', { transaction: message.id, error })
        if (this.#settings.signal.aborted) return
        await wait(this.#settings.clock, pause, this.#settings.signal).catch(() => undefined)
      }
    }
  }

  /** Keeps what sorting sends on. Rejects with MAIL_E_UNAVAILABLE where it cannot. */
  async takeOver(
    attempt: Omit<Attempt, 'items' | 'atomic' | 'signal'>,
    items: readonly AttemptItem[],
  ): Promise<void> {
    const { clock, commits, intake } = this.#settings
    const now = clock.now()
    const prepared = await intake.prepare(forwardedMessages(attempt, items, now), now)
    try {
      const taken = await commits.run((knex) => this.#writeNew(knex, prepared), { first: true })
      this.#scheduler().joined(taken, prepared)
    } catch (error) {
      intake.discard(prepared)
      throw error
    }
  }

  /** Says whether it was still to be written. */
  async #settleOnce(lane: Lane, message: QueuedMessage, decided: Decided): Promise<boolean> {
    if (isAllDelivered(decided)) {
      if (await this.#finished.remove(message.number, decided.finished))
        await this.#settings.contents.remove(message)
      return true
    }
    const added = await this.#prepared(message, decided)
    const settled = { ...decided, added }
    const { commits, intake, contents } = this.#settings
    try {
      const { isWritten, isEmpty, taken } = await commits.run((knex) =>
        this.#write(knex, lane, message, settled),
      )
      if (isEmpty) await contents.remove(message)
      if (!isWritten) {
        intake.discard(added)
        return false
      }
      for (const { due } of decided.putOffs) lane.nextDue = Math.min(lane.nextDue, due)
      this.#scheduler().joined(taken, added)
      return true
    } catch (error) {
      intake.discard(added)
      throw error
    }
  }

  async #decided(
    message: QueuedMessage,
    content: Message | undefined,
    concluded: readonly Concluded[],
  ): Promise<Decided> {
    const { reports, log } = this.#settings
    const tells = reports.tellsFailures && content !== undefined
    return this.#decide(message, tells ? content : undefined, concluded).catch((error: unknown) => {
      if (errorCode(error) === 'MAIL_E_UNAVAILABLE') throw error
      // Nothing else must wait for a message that no notification can be made of.
      log.error('internal-error', { transaction: message.id, error })
      return this.#decide(message, undefined, concluded)
    })
  }

  /** `content` is undefined where nobody can be told of it. */
  async #decide(
    message: QueuedMessage,
    content: Message | undefined,
    concluded: readonly Concluded[],
  ): Promise<Decided> {
    const { schedule, clock, reports } = this.#settings
    const now = clock.now()
    const finished: number[] = []
    const over: number[] = []
    const putOffs: PutOff[] = []
    const stuck: PutOff[] = []
    const reportable: (Reportable & { readonly recipient: QueuedRecipient })[] = []
    const moved: NewRecipient[] = []
    const expired: Decided['expired'][number][] = []
    for (const { recipient, result } of concluded) {
      const { number } = recipient
      const outcome = result.kind === 'deferred' ? putOff(schedule, recipient, result, now) : result
      if ('due' in outcome) {
        putOffs.push(outcome)
        if (outcome.warned && !recipient.warned)
          reportable.push({ recipient, outcome: { kind: 'delayed', putOff: outcome } })
      } else if (outcome.kind === 'moved') {
        over.push(number)
        moved.push(...outcome.to)
      } else if (outcome.kind === 'delivered') {
        finished.push(number)
        reportable.push({ recipient, outcome })
      } else if (outcome.kind === 'gone') {
        stuck.push(stuckFor(recipient, { reply: contentLost }, now))
      } else {
        if (result.kind === 'deferred') expired.push({ recipient, outcome })
        if (content !== undefined) {
          over.push(number)
          reportable.push({ recipient, outcome })
        } else stuck.push(stuckFor(recipient, outcome, now))
      }
    }
    const news = content === undefined ? [] : await reports.of(message, content, reportable, now)
    const told = reportable.map(({ recipient }) => recipient.number)
    return { finished, over, putOffs, stuck, news, moved, told, expired }
  }

  async #prepared(message: QueuedMessage, { news, moved }: Decided): Promise<Prepared> {
    const { intake, clock } = this.#settings
    const now = clock.now()
    const added = await intake.prepare(news, now)
    if (moved.length === 0) return added
    const own = await intake.prepareRecipients(message, moved, { now })
    return {
      ...added,
      rows: [...added.rows, ...own.rows],
      recipients: [...added.recipients, ...own.recipients],
    }
  }

  async #write(
    knex: Knex.Transaction,
    lane: Lane,
    message: QueuedMessage,
    settled: Settled,
  ): Promise<{ isWritten: boolean; isEmpty: boolean; taken: Awaited<ReturnType<Scheduler['join']>> }> {
    const { finished, over, putOffs, stuck, added } = settled
    const { holder } = this.#settings
    const needsLane = over.length + putOffs.length + stuck.length + added.rows.length > 0
    // Whoever has the destination by now decides; but what was delivered was delivered.
    const isOurs = !needsLane || (await holdsLane(knex, lane, holder.id))
    const isNews = isOurs && added.rows.length > 0 && (await this.#isNews(knex, settled))
    const deleted = isOurs ? [...finished, ...over] : finished
    let taken: Awaited<ReturnType<Scheduler['join']>> = []
    if (isOurs) {
      await writePutOffs(knex, putOffs)
      await writePutOffs(knex, stuck)
    }
    if (isNews) taken = await this.#writeNew(knex, added)
    if (deleted.length > 0) await knex('queue_recipients').whereIn('number', deleted).delete()
    const isEmpty = deleted.length > 0 && (await deleteIfEmpty(knex, message.number))
    return { isWritten: isOurs && (isNews || added.rows.length === 0), isEmpty, taken }
  }

  /** Not where the postmaster has removed them meanwhile, nor where it was written before without an answer. */
  async #isNews(knex: Knex.Transaction, { over, told, putOffs }: Settled): Promise<boolean> {
    const delayed = new Set(putOffs.map(({ recipient }) => recipient.number))
    const rows: Pick<RecipientRow, 'number' | 'warned'>[] = await knex('queue_recipients')
      .whereIn('number', [...new Set([...over, ...told])])
      .forUpdate()
      .select('number', 'warned')
    return rows.some(({ number, warned }) => !(Boolean(warned) && delayed.has(Number(number))))
  }

  async #writeNew(knex: Knex.Transaction, prepared: Prepared): ReturnType<Scheduler['join']> {
    await writePrepared(knex, prepared)
    return this.#scheduler().join(knex, destinationsOf(prepared.recipients))
  }

  #giveUp(
    message: QueuedMessage,
    content: Message | undefined,
    recipient: QueuedRecipient,
    outcome: Failed,
  ): void {
    const { route, recipient: original, parameters } = recipient.delivery
    if (route === undefined || content === undefined) return
    const { id, envelope } = message
    const { session, ...paths } = envelope
    this.#settings.delivery.giveUp(
      { id, ...paths, ...(session === undefined ? {} : { session }) },
      { recipient: original, parameters, route, message: content },
      outcome,
    )
  }
}

/** Nobody has to be told of anything, and nobody waits on. */
function isAllDelivered({ finished, over, putOffs, stuck, news, moved }: Decided): boolean {
  return finished.length > 0 && [over, putOffs, stuck, news, moved].every(({ length }) => length === 0)
}
