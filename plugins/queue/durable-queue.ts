import {
  type AttemptItem,
  type Clock,
  type DeliveryFlow,
  type Log,
  localError,
  type Outcome,
  type Queue,
  type QueueAbilities,
  type RecipientAnswer,
  recipientAnswers,
  reply,
  type Submission,
} from 'mailwright'
import {
  destinationsOf,
  type Intake,
  type NewMessage,
  type NewRecipient,
  writePrepared,
} from './intake/intake.ts'
import { envelopeOf, expansionsOf, type Offer, offerOf, type Told } from './offer.ts'
import { lastAttempt } from './outcomes/outcomes.ts'
import { SentOn } from './outcomes/sent-on.ts'
import type { Settlement } from './outcomes/settlement.ts'
import type { Reports } from './reports/reports.ts'
import type { Scheduler } from './scheduler.ts'
import type { GroupCommit } from './tables/group-commit.ts'
import type { Measures } from './tables/measures.ts'
import { type Delivery, withVariants } from './tables/queued.ts'
import { pauseAfter, type RetrySchedule } from './tables/retry-schedule.ts'
import { never } from './tables/tables.ts'

export interface DurableQueueSettings {
  readonly delivery: DeliveryFlow
  readonly commits: GroupCommit
  readonly intake: Intake
  readonly reports: Reports
  readonly settlement: Settlement
  readonly scheduler: Scheduler
  readonly schedule: RetrySchedule
  readonly quarantine: 'hold' | 'junk'
  readonly clock: Clock
  readonly log: Log
  readonly measures: Measures | undefined
}

const shuttingDown = reply(451, '4.3.2', 'The system is shutting down, try again later')
const kept: Outcome = { kind: 'delivered', text: 'queued' }
const notKept: Outcome = { kind: 'deferred', reply: localError }

/**
 * Takes responsibility. What goes into accounts here is delivered before the answer, so that it is written once; everything else, and
 * what cannot be delivered at once, is in the table before the answer and delivered afterwards.
 */
export class DurableQueue implements Pick<Queue, 'supports' | 'accept'> {
  readonly supports: QueueAbilities = { retries: true, manageable: true }
  readonly #settings: DurableQueueSettings
  readonly #attempts = new Set<Promise<unknown>>()
  readonly #closing = new AbortController()

  constructor(settings: DurableQueueSettings) {
    this.#settings = settings
  }

  async accept(submission: Submission): Promise<readonly RecipientAnswer[]> {
    const offer = offerOf(submission)
    const { items } = offer
    if (this.#closing.signal.aborted)
      return recipientAnswers(
        items,
        items.map(() => ({ kind: 'deferred', reply: shuttingDown })),
      )
    const accepting = this.#accept(offer)
    this.#attempts.add(accepting)
    try {
      return recipientAnswers(items, await accepting)
    } catch (error) {
      this.#settings.measures?.notAccepted()
      this.#settings.log.error('unavailable', { transaction: submission.transaction.id, error })
      return recipientAnswers(items, [])
    } finally {
      this.#attempts.delete(accepting)
    }
  }

  /** Takes no more and waits for what is being delivered. */
  async close(): Promise<void> {
    while (this.#attempts.size > 0) await Promise.allSettled([...this.#attempts])
    this.#closing.abort()
  }

  async #accept(offer: Offer): Promise<readonly Outcome[]> {
    const { items } = offer
    const isNow = (item: AttemptItem): boolean => item.route.kind === 'account' && !this.#isHeld(item)
    const now = items.filter(isNow)
    const later = items.filter((item) => !isNow(item))
    // Before anything is delivered, so that a full disk makes no duplicates.
    const expanded = expansionsOf(offer)
    if (later.length > 0)
      await this.#keep(
        offer,
        later.map((item) => ({ item })),
        await this.#notifications(offer, expanded),
      )
    const outcomes = new Map<AttemptItem, Outcome>(later.map((item) => [item, kept]))
    if (now.length > 0) {
      const sentOn = new SentOn()
      const made = await this.#deliver(offer, now, sentOn)
      const finished = await this.#conclude(
        { ...offer, sentOn },
        now,
        made,
        later.length > 0 ? undefined : expanded,
      )
      for (const [index, item] of now.entries()) outcomes.set(item, finished[index] ?? notKept)
    }
    return items.map((item) => outcomes.get(item) ?? notKept)
  }

  #isHeld({ quarantine }: AttemptItem): boolean {
    return quarantine !== undefined && this.#settings.quarantine === 'hold'
  }

  async #deliver(
    { transaction }: Offer,
    items: readonly AttemptItem[],
    sentOn: SentOn,
  ): Promise<readonly Outcome[]> {
    const { settlement, delivery } = this.#settings
    const { id, session, reversePath, parameters } = transaction
    const attempt = { id, session: session.id, reversePath, parameters }
    try {
      return await delivery.attempt({
        ...attempt,
        items,
        atomic: false,
        takeOver: (forwards) => sentOn.takeOver(forwards, (fresh) => settlement.takeOver(attempt, fresh)),
        // Not the session's: once the whole message is here, a client that leaves does not undo its delivery.
        signal: this.#closing.signal,
      })
    } catch (error) {
      this.#settings.log.error('internal-error', { transaction: id, error })
      return items.map(() => notKept)
    }
  }

  /**
   * Keeps what could not be delivered now, and what has to be told. A client with an answer for each recipient keeps its own mail; one
   * with one answer for all hears of a refusal where nobody gets the message. Where nobody can tell it of one, the postmaster will.
   * `expanded` is still to be told; undefined where others were kept before, and that with them.
   */
  async #conclude(
    offer: Offer,
    items: readonly AttemptItem[],
    outcomes: readonly Outcome[],
    expanded: readonly Told[] | undefined,
  ): Promise<readonly Outcome[]> {
    const isRefused = ({ kind }: Outcome): boolean => kind === 'failed'
    const refuses = offer.atomic ? expanded !== undefined && outcomes.every(isRefused) : true
    const waiting: Waiting[] = []
    const reportable: Told[] = []
    const answers = items.map((item, index) => {
      const outcome = outcomes[index] ?? notKept
      if (outcome.kind === 'deferred') {
        if (!offer.atomic) return outcome
        waiting.push({ item, outcome })
        return kept
      }
      if (outcome.kind === 'failed' && refuses) return outcome
      reportable.push({ item, recipient: { delivery: deliveryOf(item) }, outcome })
      return kept
    })
    const refused = new Set(
      items.filter((_, index) => answers[index]?.kind !== 'delivered').map((item) => item.recipient),
    )
    reportable.push(...(expanded?.filter(({ item }) => !refused.has(item.recipient)) ?? []))
    const news = await this.#notifications(offer, reportable)
    if (news === undefined || !this.#settings.reports.tellsFailures)
      waiting.push(...reportable.filter(({ outcome }) => isRefused(outcome)))
    if (waiting.length + (news?.length ?? 0) > 0) await this.#keep(offer, waiting, news)
    return answers
  }

  /** Undefined where none can be made. */
  async #notifications(offer: Offer, told: readonly Told[]): Promise<readonly NewMessage[] | undefined> {
    const { schedule, clock, reports, log } = this.#settings
    const now = clock.now()
    const { id } = offer.transaction
    const variants = Map.groupBy(told, ({ item }) => offer.variantOf.get(item))
    const news = [...variants].map(([variant, own]) => {
      const [first] = own
      if (variant === undefined || first === undefined) return []
      const about = {
        id,
        envelope: envelopeOf(offer, variant),
        arrivedAt: now,
        expiresAt: now + schedule.lifetime,
      }
      return reports.of(about, first.item.message, own, now)
    })
    return Promise.all(news).then(
      (made) => made.flat(),
      (error: unknown) => {
        log.error('internal-error', { transaction: id, error })
        return undefined
      },
    )
  }

  /** Durable when it resolves; delivery begins then. */
  async #keep(offer: Offer, waiting: readonly Waiting[], news: readonly NewMessage[] = []): Promise<void> {
    const { clock, commits, intake, scheduler } = this.#settings
    const now = clock.now()
    const prepared = await intake.prepare([...this.#messages(offer, waiting, now), ...news], now)
    try {
      const taken = await commits.run(
        async (knex) => {
          await writePrepared(knex, prepared)
          return scheduler.join(knex, destinationsOf(prepared.recipients))
        },
        { first: true },
      )
      scheduler.joined(taken, prepared)
    } catch (error) {
      intake.discard(prepared)
      scheduler.unanswered(prepared)
      throw error
    }
  }

  #messages(offer: Offer, waiting: readonly Waiting[], now: number): readonly NewMessage[] {
    const variants = Map.groupBy(waiting, ({ item }) => offer.variantOf.get(item))
    // Those that were delivered at once count as well.
    const all = withVariants(offer.items.map(deliveryOf))
    const deliveries = new Map(offer.items.map((item, index) => [item, all[index]]))
    return [...variants].flatMap(([variant, own]) => {
      if (variant === undefined) return []
      const [first] = own
      const held = first !== undefined && this.#isHeld(first.item) ? variant.quarantine : undefined
      const envelope = envelopeOf(offer, variant)
      const { quarantine } = variant
      return {
        id: offer.transaction.id,
        envelope: held !== undefined || quarantine === undefined ? envelope : { ...envelope, quarantine },
        arrivedAt: now,
        content: variant.message.content,
        recipients: own.map((one) => {
          const delivery = deliveries.get(one.item) ?? deliveryOf(one.item)
          return this.#recipient(one, offer.sentOn?.noted(delivery) ?? delivery, now)
        }),
        ...(held === undefined ? {} : { held }),
      }
    })
  }

  #recipient({ outcome }: Waiting, delivery: Delivery, now: number): NewRecipient {
    if (outcome === undefined || outcome.kind === 'delivered') return { delivery }
    const last = lastAttempt(outcome, now)
    if (outcome.kind === 'failed') return { delivery, due: never, attempts: 1, last }
    const due = now + pauseAfter(this.#settings.schedule, 1, outcome.retryAfter)
    return { delivery, due, attempts: 1, last }
  }
}

interface Waiting {
  readonly item: AttemptItem
  /** Of the attempt that was made. */
  readonly outcome?: Outcome
}

function deliveryOf({ recipient, parameters = {}, route }: AttemptItem): Delivery {
  return { recipient, parameters, target: route.address, route }
}
