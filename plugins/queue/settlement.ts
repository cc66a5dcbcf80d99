import type { Knex } from 'knex'
import {
  type Attempt,
  type AttemptItem,
  type Clock,
  type DeliveryFlow,
  type Failed,
  type Log,
  type Message,
  reply,
  wait,
} from 'mailwright'
import type { Contents } from './contents.ts'
import { deleteIfEmpty } from './farewell.ts'
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
import { type Concluded, type PutOff, putOff } from './outcomes.ts'
import type { QueuedMessage, QueuedRecipient } from './queued.ts'
import type { Reportable, Reports } from './reports.ts'
import type { RetrySchedule } from './retry-schedule.ts'
import type { Scheduler } from './scheduler.ts'
import { never } from './tables.ts'

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
  /** In the place of those that lead elsewhere by now. */
  readonly moved: readonly NewRecipient[]
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

  constructor(settings: SettlementSettings, scheduler: () => Scheduler) {
    this.#settings = settings
    this.#scheduler = scheduler
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
        decided ??= await this.#decide(message, content, concluded)
        await this.#settleOnce(lane, message, decided)
        return
      } catch (error) {
        this.#settings.log.error('unavailable', { transaction: message.id, error })
        if (this.#settings.signal.aborted) return
        await wait(this.#settings.clock, pause)
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
      const taken = await commits.run((knex) => this.#writeNew(knex, prepared))
      this.#scheduler().joined(taken, prepared)
    } catch (error) {
      await intake.discard(prepared)
      throw error
    }
  }

  async #settleOnce(lane: Lane, message: QueuedMessage, decided: Decided): Promise<void> {
    const added = await this.#prepared(message, decided)
    const settled = { ...decided, added }
    const { commits, intake, contents } = this.#settings
    try {
      const { isOurs, isEmpty, taken } = await commits.run((knex) =>
        this.#write(knex, lane, message, settled),
      )
      if (isEmpty) await contents.remove(message)
      if (!isOurs) return await intake.discard(added)
      for (const { due } of decided.putOffs) lane.nextDue = Math.min(lane.nextDue, due)
      this.#scheduler().joined(taken, added)
    } catch (error) {
      await intake.discard(added)
      throw error
    }
  }

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
    const reportable: Reportable[] = []
    const moved: NewRecipient[] = []
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
        if (result.kind === 'deferred') this.#giveUp(message, content, recipient, outcome)
        if (reports.tellsFailures && content !== undefined) {
          over.push(number)
          reportable.push({ recipient, outcome })
        } else stuck.push(stuckFor(recipient, outcome, now))
      }
    }
    const news = content === undefined ? [] : await reports.of(message, content, reportable, now)
    return { finished, over, putOffs, stuck, news, moved }
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
    { finished, over, putOffs, stuck, added }: Settled,
  ): Promise<{ isOurs: boolean; isEmpty: boolean; taken: Awaited<ReturnType<Scheduler['join']>> }> {
    const { holder } = this.#settings
    const needsLane = over.length + putOffs.length + stuck.length + added.rows.length > 0
    // Whoever has the destination by now decides; but what was delivered was delivered.
    const isOurs = !needsLane || (await holdsLane(knex, lane, holder.id))
    const deleted = isOurs ? [...finished, ...over] : finished
    let taken: Awaited<ReturnType<Scheduler['join']>> = []
    if (isOurs) {
      await writePutOffs(knex, putOffs)
      await writePutOffs(knex, stuck)
      taken = await this.#writeNew(knex, added)
    }
    if (deleted.length > 0) await knex('queue_recipients').whereIn('number', deleted).delete()
    const isEmpty = deleted.length > 0 && (await deleteIfEmpty(knex, message.number))
    return { isOurs, isEmpty, taken }
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

/** For the postmaster, who has to say what becomes of it. */
function stuckFor(
  recipient: QueuedRecipient,
  { reply: said, host }: Pick<Failed, 'reply' | 'host'>,
  now: number,
): PutOff {
  const last = { at: now, reply: said, ...(host === undefined ? {} : { host }) }
  return {
    recipient,
    due: never,
    deadline: never,
    attempts: recipient.attempts + 1,
    warned: recipient.warned,
    last,
  }
}

/** One update for all that get the same values. What is held meanwhile stays so. */
async function writePutOffs(knex: Knex, putOffs: readonly PutOff[]): Promise<void> {
  const groups = Map.groupBy(putOffs, ({ due, deadline, attempts, warned, last }) =>
    JSON.stringify([due, deadline, attempts, warned, last]),
  )
  for (const group of groups.values()) {
    const [{ due, deadline, attempts, warned, last }] = group as [PutOff]
    await knex('queue_recipients')
      .whereIn(
        'number',
        group.map(({ recipient }) => recipient.number),
      )
      .update({
        due: unlessHeld(knex, 'due', due),
        deadline: unlessHeld(knex, 'deadline', deadline),
        attempts,
        warned,
        last: JSON.stringify(last),
      })
  }
}

function unlessHeld(knex: Knex, column: 'due' | 'deadline', value: number): Knex.Raw {
  return knex.raw('case when ?? = ? then ?? else ? end', [column, never, column, value])
}

/** What sorting sends on is a message of its own for each variant and reverse-path, with the same id. */
export function forwardedMessages(
  { id, session, reversePath, parameters = {} }: Omit<Attempt, 'items' | 'atomic' | 'signal'>,
  items: readonly AttemptItem[],
  now: number,
): readonly NewMessage[] {
  const groups = Map.groupBy(items, (item) => item.message)
  return [...groups].flatMap(([message, own]) =>
    [...Map.groupBy(own, (item) => JSON.stringify(item.reversePath ?? reversePath)).values()].map((same) => {
      const [first] = same
      return {
        id,
        envelope: {
          reversePath: first?.reversePath === undefined ? reversePath : first.reversePath,
          parameters,
          ...(session === undefined ? {} : { session }),
        },
        arrivedAt: now,
        content: message.content,
        recipients: same.map(({ recipient, parameters: own = {}, route }) => ({
          delivery: { recipient, parameters: own, target: route.address, route },
        })),
      }
    }),
  )
}
