import { type Clock, errorCode, type Failed, type Log, type Message } from 'mailwright'
import { contentLost } from '../intake/contents.ts'
import type { NewMessage, NewRecipient } from '../intake/intake.ts'
import { expansion, type Reportable, type Reports } from '../reports/reports.ts'
import type { Teller } from '../reports/teller.ts'
import { areAll, type QueuedMessage, type QueuedRecipient } from '../tables/queued.ts'
import type { RetrySchedule } from '../tables/retry-schedule.ts'
import type { ReportRow } from '../tables/tables.ts'
import { type Concluded, type PutOff, putOff, stuckFor } from './outcomes.ts'

export interface DecisionsSettings {
  readonly reports: Reports
  readonly teller: Teller
  readonly schedule: RetrySchedule
  readonly clock: Clock
  readonly log: Log
}

/** What is to be written of one turn. */
export interface Decided {
  /** Recipients who have it now, whoever holds the destination by now. */
  readonly finished: readonly number[]
  /** Those that were given up, or that others take the place of. */
  readonly over: readonly number[]
  readonly putOffs: readonly PutOff[]
  /** Nobody tells their senders: they wait for the postmaster. */
  readonly stuck: readonly PutOff[]
  /** Notifications, where nobody else has to be waited for. */
  readonly news: readonly NewMessage[]
  /** What is to be told together with what becomes of others. */
  readonly toTell: readonly ReportRow[]
  /** Those that `news` and `toTell` may be about. */
  readonly told: readonly number[]
  /** What takes the place of those that lead elsewhere by now. */
  readonly moved: readonly { readonly from: number; readonly to: readonly NewRecipient[] }[]
  /** Those among the others whose time is over, without another refusal. */
  readonly expired: readonly { readonly recipient: QueuedRecipient; readonly outcome: Failed }[]
}

type About = Reportable & { readonly recipient: QueuedRecipient }

/** What is known beside what came of an attempt. */
interface Circumstances {
  /** Their time does not end. */
  readonly held: ReadonlySet<number>
  /** Notifications are made afterwards, by {@link Teller}. */
  readonly tellsLater: boolean
}

const nothingElse: Circumstances = { held: new Set(), tellsLater: false }

interface Moment {
  readonly held: ReadonlySet<number>
  /** Whether senders are told. */
  readonly tells: boolean
  readonly now: number
}

type Sorted = Omit<Decided, 'news' | 'toTell' | 'told'> & { readonly reportable: readonly About[] }

/** Decides what becomes of recipients after an attempt, and what their senders are told. */
export class Decisions {
  readonly #settings: DecisionsSettings

  constructor(settings: DecisionsSettings) {
    this.#settings = settings
  }

  /** `content` is undefined where it could not be read. MAIL_E_UNAVAILABLE. */
  async of(
    message: QueuedMessage,
    content: Message | undefined,
    concluded: readonly Concluded[],
    circumstances: Circumstances = nothingElse,
  ): Promise<Decided> {
    const { reports, log } = this.#settings
    const tells = reports.tellsFailures && content !== undefined
    const known = tells ? content : undefined
    return this.#decide(message, known, concluded, circumstances).catch((error: unknown) => {
      if (errorCode(error) === 'MAIL_E_UNAVAILABLE') throw error
      // Nothing else must wait for a message that no notification can be made of.
      log.error('internal-error', { transaction: message.id, error })
      return this.#decide(message, undefined, concluded, circumstances)
    })
  }

  /** `content` is undefined where nobody can be told of it. */
  async #decide(
    message: QueuedMessage,
    content: Message | undefined,
    concluded: readonly Concluded[],
    { held, tellsLater }: Circumstances,
  ): Promise<Decided> {
    const { clock, reports, teller } = this.#settings
    const now = clock.now()
    const { reportable, ...sorted } = this.#sort(concluded, { held, tells: content !== undefined, now })
    const recipients = concluded.map(({ recipient }) => recipient)
    const tellsNow = areAll(message, recipients) && !tellsLater
    return {
      ...sorted,
      news: tellsNow && content !== undefined ? await reports.of(message, content, reportable, now) : [],
      toTell: tellsNow || content === undefined ? [] : await teller.rows(message, reportable, now),
      told: reportable.map(({ recipient }) => recipient.number),
    }
  }

  #sort(concluded: readonly Concluded[], { held, tells, now }: Moment): Sorted {
    const finished: number[] = []
    const over: number[] = []
    const putOffs: PutOff[] = []
    const stuck: PutOff[] = []
    const reportable: About[] = []
    const moved: Decided['moved'][number][] = []
    const expired: Decided['expired'][number][] = []
    for (const { recipient, result } of concluded) {
      const { number } = recipient
      const outcome =
        result.kind === 'deferred'
          ? putOff(this.#settings.schedule, recipient, result, now, held.has(number))
          : result
      if ('due' in outcome) {
        putOffs.push(outcome)
        if (outcome.warned && !recipient.warned)
          reportable.push({ recipient, outcome: { kind: 'delayed', putOff: outcome } })
      } else if (outcome.kind === 'moved') {
        over.push(number)
        moved.push({ from: number, to: outcome.to })
        const told = outcome.to.length > 1 ? expansion(recipient.delivery) : undefined
        if (told !== undefined) reportable.push({ ...told, recipient: { ...recipient, ...told.recipient } })
      } else if (outcome.kind === 'delivered') {
        finished.push(number)
        reportable.push({ recipient, outcome })
      } else if (outcome.kind === 'gone') {
        stuck.push(stuckFor(recipient, { reply: contentLost }, now))
      } else {
        if (result.kind === 'deferred') expired.push({ recipient, outcome })
        if (tells) {
          over.push(number)
          const isUntried = result.kind === 'deferred' && result.untried === true
          const lastAttempt = recipient.last?.at ?? 'none'
          reportable.push({ recipient, outcome, ...(isUntried ? { lastAttempt } : {}) })
        } else stuck.push(stuckFor(recipient, outcome, now))
      }
    }
    return { finished, over, putOffs, stuck, reportable, moved, expired }
  }
}

/** Nobody has to be told of anything, and nobody waits on. */
export function isAllDelivered({ finished, over, putOffs, stuck, news, toTell, moved }: Decided): boolean {
  const others = [over, putOffs, stuck, news, toTell, moved]
  return finished.length > 0 && others.every(({ length }) => length === 0)
}
