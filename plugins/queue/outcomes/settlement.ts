import type { Knex } from 'knex'
import {
  type Attempt,
  type AttemptItem,
  type Clock,
  type DeliveryFlow,
  type Failed,
  type Log,
  type Message,
  wait,
} from 'mailwright'
import { type Contents, isInTable } from '../intake/contents.ts'
import { forwardedMessages } from '../intake/forwarded-messages.ts'
import { destinationsOf, type Intake, type Prepared, writePrepared } from '../intake/intake.ts'
import type { Holder } from '../lanes/holder.ts'
import type { Lane } from '../lanes/lane.ts'
import { holdsLane } from '../lanes/lane-table.ts'
import { deleteIfEmpty } from '../reports/emptied.ts'
import type { Reports } from '../reports/reports.ts'
import type { Teller } from '../reports/teller.ts'
import { writeToTell } from '../reports/to-tell.ts'
import type { Scheduler } from '../scheduler.ts'
import type { GroupCommit } from '../tables/group-commit.ts'
import type { QueuedMessage, QueuedRecipient } from '../tables/queued.ts'
import type { RetrySchedule } from '../tables/retry-schedule.ts'
import type { BigNumber, RecipientRow } from '../tables/tables.ts'
import { type Decided, Decisions, isAllDelivered } from './decision.ts'
import { Finished } from './finished.ts'
import type { Concluded } from './outcomes.ts'
import { OvertakenError, refuseOvertaken } from './overtaken.ts'
import { writePutOffs } from './put-offs.ts'

export interface SettlementSettings {
  readonly commits: GroupCommit
  readonly holder: Holder
  readonly intake: Intake
  readonly contents: Contents
  readonly reports: Reports
  readonly teller: Teller
  readonly schedule: RetrySchedule
  readonly delivery: DeliveryFlow
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

interface Settled extends Decided {
  readonly added: Prepared
}

const firstPause = 1_000
const longestPause = 30_000

/** Makes durable what came of attempts, together with the notifications about it. */
export class Settlement {
  readonly #settings: SettlementSettings
  readonly #scheduler: () => Scheduler
  readonly #finished: Finished
  readonly #decisions: Decisions

  constructor(settings: SettlementSettings, scheduler: () => Scheduler) {
    this.#settings = settings
    this.#scheduler = scheduler
    this.#finished = new Finished(settings.commits)
    this.#decisions = new Decisions(settings)
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
    let [own, held]: [readonly Concluded[], ReadonlySet<number>] = [concluded, new Set()]
    let tellsLater = false
    for (let pause = firstPause; own.length > 0; ) {
      try {
        decided ??= await this.#decisions.of(message, content, own, { held, tellsLater })
        if (await this.#settleOnce(lane, message, decided))
          for (const { recipient, outcome } of decided.expired)
            this.#giveUp(message, content, recipient, outcome)
        return
      } catch (error) {
        if (error instanceof OvertakenError) {
          own = own.filter(({ recipient }) => !error.staying.has(recipient.number))
          held = new Set([...held, ...error.held])
          decided = undefined
          continue
        }
        this.#settings.log.error('unavailable', { transaction: message.id, error })
        // The folder may be away for long: deliveries do not wait for a notification's octets.
        if (!tellsLater && decided?.news.some(({ content }) => !isInTable(content))) {
          tellsLater = true
          decided = undefined
          continue
        }
        if (this.#settings.signal.aborted) return
        await wait(this.#settings.clock, pause, this.#settings.signal).catch(() => undefined)
        pause = Math.min(pause * 2, longestPause)
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
      this.#discard(prepared)
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
    const { commits, contents, teller } = this.#settings
    try {
      const { isWritten, isEmpty, taken } = await commits.run((knex) =>
        this.#write(knex, lane, message, settled),
      )
      if (isEmpty) await contents.remove(message)
      teller.noted(message, decided.toTell)
      if (!isWritten) {
        this.#discard(added)
        return false
      }
      for (const { due } of decided.putOffs) lane.nextDue = Math.min(lane.nextDue, due)
      this.#scheduler().joined(taken, added)
      return true
    } catch (error) {
      this.#discard(added)
      throw error
    }
  }

  /** It was not written as far as is known: a commit may have got no answer. */
  #discard(prepared: Prepared): void {
    this.#settings.intake.discard(prepared)
    this.#scheduler().unanswered(prepared)
  }

  async #prepared(message: QueuedMessage, { news, moved }: Decided): Promise<Prepared> {
    const { intake, clock } = this.#settings
    const now = clock.now()
    const added = await intake.prepare(news, now)
    if (moved.length === 0) return added
    const successors = moved.flatMap(({ to }) => to)
    const own = await intake.prepareRecipients(message, successors, { now })
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
    const { finished, over, putOffs, stuck, added, toTell } = settled
    const { holder } = this.#settings
    const isNews = added.rows.length + toTell.length > 0
    const needsLane = over.length + putOffs.length + stuck.length > 0 || isNews
    // Whoever has the destination by now decides; but what was delivered was delivered.
    const isOurs = !needsLane || (await holdsLane(knex, lane, holder.id))
    if (isOurs) await refuseOvertaken(knex, settled)
    const fresh = isOurs && isNews ? await this.#fresh(knex, settled) : new Set()
    const deleted = isOurs ? [...finished, ...over] : finished
    let taken: Awaited<ReturnType<Scheduler['join']>> = []
    if (isOurs) {
      await writePutOffs(knex, putOffs)
      await writePutOffs(knex, stuck)
    }
    if (fresh.size > 0) {
      if (added.rows.length > 0) taken = await this.#writeNew(knex, added)
      await writeToTell(
        knex,
        toTell.filter(({ recipient }) => fresh.has(recipient)),
      )
    }
    if (deleted.length > 0) await knex('queue_recipients').whereIn('number', deleted).delete()
    const isEmpty = deleted.length > 0 && (await deleteIfEmpty(knex, message.number))
    return { isWritten: isOurs && (fresh.size > 0 || !isNews), isEmpty, taken }
  }

  /** Not those whom the postmaster has removed meanwhile, nor those of whom it was written before without an answer. */
  async #fresh(knex: Knex.Transaction, { over, told, putOffs }: Settled): Promise<ReadonlySet<BigNumber>> {
    const delayed = new Set(putOffs.map(({ recipient }) => recipient.number))
    const rows: Pick<RecipientRow, 'number' | 'warned'>[] = await knex('queue_recipients')
      .whereIn('number', [...new Set([...over, ...told])])
      .forUpdate()
      .select('number', 'warned')
    const numbers = rows.filter(({ number, warned }) => !(Boolean(warned) && delayed.has(Number(number))))
    return new Set(numbers.map(({ number }) => Number(number)))
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
