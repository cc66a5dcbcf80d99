import {
  type AttemptItem,
  type Clock,
  type Content,
  createMessage,
  type Database,
  type DeliveryFlow,
  errorCode,
  type Log,
  localError,
  type Message,
  type Outcome,
  parametersForEach,
  UnavailableError,
} from 'mailwright'
import { isGone, type OpenContent } from './intake/contents.ts'
import type { Intake, NewRecipient } from './intake/intake.ts'
import { readThrough, watchedContent } from './intake/watched-content.ts'
import type { Turn } from './lanes/fair-line.ts'
import type { Lane } from './lanes/lane.ts'
import { type Concluded, lastAttempt, type Result } from './outcomes/outcomes.ts'
import { SentOn } from './outcomes/sent-on.ts'
import type { Settlement } from './outcomes/settlement.ts'
import {
  type LastAttempt,
  type QueuedMessage,
  type QueuedRecipient,
  reversePathFor,
} from './tables/queued.ts'
import { knownWait } from './tables/retry-schedule.ts'

export interface DelivererSettings {
  readonly database: Database
  readonly delivery: DeliveryFlow
  /** Opens the octets of a message. */
  readonly open: (message: QueuedMessage) => Promise<OpenContent>
  readonly intake: Intake
  readonly settlement: Settlement
  readonly clock: Clock
  readonly log: Log
  /** Aborts when attempts under way have to end. */
  readonly cutting: AbortSignal
}

/** What an attempt says of its destination, when its outcomes are written. */
export interface TurnResult {
  /** `waits`: nothing was tried, since it has to be left alone for a while. */
  readonly health: 'well' | 'unwell' | 'waits' | 'unknown'
  /** Milliseconds that the destination asked to be left alone for. */
  readonly retryAfter?: number
  /** With `waits`: others have their turns meanwhile. */
  readonly moving?: boolean
  readonly last?: LastAttempt
  /** It was not its turn, and its time has ended meanwhile: it is to be tried again at once, for the last time. */
  readonly overdue?: boolean
  /** The message could not be read, or nobody could say where it goes: its recipients are as they were, and are to be read again. */
  readonly unread?: boolean
}

/** Delivers, and resolves when what came of it is known. `written` resolves when that is in the table. Neither rejects. */
export type Deliver = (lane: Lane, turn: Turn) => Promise<TurnResult & { readonly written: Promise<void> }>

const mostBroken = 1_000
/** Milliseconds that an attempt may take: one that begins so soon before the end of a message's time is its last one. */
const attemptTime = 60_000

/** Makes one attempt for recipients of one message, from reading its octets to writing what came of it. */
export class Deliverer {
  readonly #settings: DelivererSettings
  /** Numbers of messages that failed in the middle: no host is begun with again before they can be read. */
  readonly #broken = new Set<number>()

  constructor(settings: DelivererSettings) {
    this.#settings = settings
  }

  /** Does not reject. */
  async deliver(lane: Lane, turn: Turn): ReturnType<Deliver> {
    let open: OpenContent | undefined
    try {
      open = await this.#settings.open(turn.message)
      let failure: unknown
      const watched = watchedContent(open.content, (error) => {
        failure = error
      })
      const message = await this.#read(turn.message, watched)
      const isLast = this.#settings.clock.now() + attemptTime >= turn.message.expiresAt
      const all = await this.#attempt(turn, message, isLast)
      const concluded = failure === undefined ? all : all.filter(({ result }) => !liesWithUs(result))
      const now = this.#settings.clock.now()
      const tried = concluded.filter((one) => !staysAsItIs(one, now, isLast))
      const written = this.#settings.settlement.settle(lane, turn.message, message, tried)
      const isBroken = concluded.length < all.length
      if (isBroken) this.#isBroken(turn.message)
      return {
        ...(isBroken ? this.#unread(turn, failure) : judged(concluded, now, isLast)),
        written: written.finally(() => open?.close()),
      }
    } catch (error) {
      await open?.close()
      if (errorCode(error) === 'MAIL_E_UNAVAILABLE')
        return { ...this.#unread(turn, error), written: Promise.resolve() }
      const gone = isGone(error)
      this.#settings.log[gone ? 'warn' : 'error'](gone ? 'unavailable' : 'internal-error', {
        transaction: turn.message.id,
        error,
      })
      const result: Result = gone ? { kind: 'gone' } : { kind: 'deferred', reply: localError }
      const concluded = turn.recipients.map((recipient) => ({ recipient, result }))
      return {
        health: 'unknown',
        written: this.#settings.settlement.settle(lane, turn.message, undefined, concluded),
      }
    }
  }

  #isBroken({ number }: QueuedMessage): void {
    this.#broken.add(number)
    // Nobody says which were removed meanwhile. Where one is forgotten that was not, a host is begun with for nothing.
    const [oldest] = this.#broken
    if (this.#broken.size > mostBroken && oldest !== undefined) this.#broken.delete(oldest)
  }

  /** MAIL_E_UNAVAILABLE where it cannot be read now. */
  async #read({ number }: QueuedMessage, content: Content): Promise<Message> {
    try {
      if (this.#broken.has(number)) await readThrough(content)
      const message = await createMessage(content)
      this.#broken.delete(number)
      return message
    } catch (error) {
      // A file that could be opened may fail when it is read (EIO, ESTALE).
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
      throw new UnavailableError('a queued message cannot be read', { cause: error })
    }
  }

  /** Nothing is known of them: they are neither tried nor given up, whatever their age is. */
  #unread({ message }: Turn, error: unknown): TurnResult {
    this.#settings.log.warn('unavailable', { transaction: message.id, error })
    return { health: 'unknown', unread: true }
  }

  async #attempt(turn: Turn, message: Message, isLast: boolean): Promise<readonly Concluded[]> {
    const routed = await Promise.all(turn.recipients.map((recipient) => this.#route(recipient)))
    if (routed.some(({ result }) => isLocalError(result))) await this.#askDatabase()
    const going = routed.filter((one) => one.result === undefined)
    const sentOn = new SentOn(turn.recipients.map(({ delivery }) => delivery))
    const outcomes =
      going.length === 0
        ? []
        : await this.#make(
            turn.message,
            going.map(({ recipient }) => recipient),
            { message, sentOn, isLast },
          )
    const made = new Map(going.map(({ recipient }, index) => [recipient, outcomes[index]]))
    return routed.map(({ recipient, result }) => ({
      recipient: { ...recipient, delivery: sentOn.noted(recipient.delivery) },
      result: result ?? made.get(recipient) ?? { kind: 'deferred', reply: localError },
    }))
  }

  /** Where it is away nobody could say where they go by now: that is no attempt. MAIL_E_UNAVAILABLE. */
  async #askDatabase(): Promise<void> {
    await this.#settings.database.query((knex) => knex('queue_counters').first('value'))
  }

  async #make(
    { id, envelope }: QueuedMessage,
    recipients: readonly QueuedRecipient[],
    {
      message,
      sentOn,
      isLast,
    }: { readonly message: Message; readonly sentOn: SentOn; readonly isLast: boolean },
  ): Promise<readonly Outcome[]> {
    const { delivery, settlement, cutting } = this.#settings
    const items = recipients.flatMap((recipient) => attemptItem(recipient, message) ?? [])
    const { reversePath, parameters, session } = envelope
    const attempt = {
      id,
      reversePath,
      parameters,
      items,
      atomic: false,
      isLast,
      signal: cutting,
      ...(session === undefined ? {} : { session }),
    }
    return delivery.attempt({
      ...attempt,
      takeOver: (forwards) => sentOn.takeOver(forwards, (fresh) => settlement.takeOver(attempt, fresh)),
    })
  }

  /** Where it goes by now: aliases, accounts and transports may have changed since it came. */
  async #route(
    recipient: QueuedRecipient,
  ): Promise<{ readonly recipient: QueuedRecipient; readonly result?: Result }> {
    const { attempts, destination, message, last } = recipient
    const delivery = last?.held === true ? { ...recipient.delivery, released: true } : recipient.delivery
    if (delivery.route !== undefined && attempts === (delivery.askedAfter ?? 0)) return { recipient }
    const { target, recipient: original, released = false } = delivery
    const question = { address: target, original, ...(released && { released }) }
    const found = await this.#settings.delivery.route(question)
    if (!found.ok) {
      const kind = found.reply.code >= 500 ? 'failed' : 'deferred'
      return { recipient, result: { kind, reply: found.reply } }
    }
    const [route, ...others] = found.routes
    const now = this.#settings.intake.destinationOf(route, reversePathFor(message, route))
    if (route !== undefined && others.length === 0 && now === destination) {
      return { recipient: { ...recipient, delivery: { ...delivery, route } } }
    }
    const { warned } = recipient
    const { variants = 1 } = delivery
    const parameters = parametersForEach(delivery.parameters, found.routes.length)
    const to: NewRecipient[] = found.routes.map((one) => ({
      // Not asked again at once: where routes differ each time it would never be delivered.
      delivery: {
        ...delivery,
        parameters,
        variants: variants === 1 ? found.routes.length : others.length === 0 ? variants : 0,
        target: one.address,
        route: one,
        askedAfter: attempts,
      },
      attempts,
      warned,
    }))
    return { recipient, result: { kind: 'moved', to } }
  }
}

function attemptItem(
  { delivery, message: queued }: QueuedRecipient,
  message: Message,
): AttemptItem | undefined {
  const { recipient, parameters, route } = delivery
  if (route === undefined) return undefined
  const { quarantine } = queued.envelope
  const item = { recipient, parameters, route, message, reversePath: reversePathFor(queued, route) }
  return quarantine === undefined ? item : { ...item, quarantine }
}

function isLocalError(result: Result | undefined): boolean {
  return result?.kind === 'deferred' && result.reply === localError
}

/** Nobody else has said anything of it. */
function liesWithUs(result: Result): boolean {
  return result.kind === 'deferred' && result.concerns === undefined
}

/** What outcomes say of the destination that they are from. */
function judged(concluded: readonly Concluded[], now: number, isLast: boolean): TurnResult {
  // A pause would not end before somebody gave it up.
  if (concluded.some((one) => isOverdue(one, now, isLast))) return { health: 'unknown', overdue: true }
  for (const { result } of concluded)
    if (result.kind === 'deferred' && (result.concerns === 'destination' || result.untried === true)) {
      const { moving } = result
      const retryAfter = knownWait(result.retryAfter)
      const last = lastAttempt(result, now)
      const health = result.untried === true ? 'waits' : 'unwell'
      return {
        ...{ health, last },
        ...(retryAfter === undefined ? {} : { retryAfter }),
        ...(moving === undefined ? {} : { moving }),
      }
    }
  return { health: concluded.some(({ result }) => hasAnswered(result)) ? 'well' : 'unknown' }
}

/**
 * It was not its turn: nothing is written of it, and it is due again as soon as its destination is not left alone any more. Where others
 * have their turns its own comes, though its time is over; so it does where this one was not to be the last.
 */
function staysAsItIs({ recipient, result }: Concluded, now: number, isLast: boolean): boolean {
  if (result.kind !== 'deferred' || result.untried !== true) return false
  return result.moving === true || !isLast || now < recipient.message.expiresAt
}

/** Its time has ended meanwhile. */
function isOverdue({ recipient, result }: Concluded, now: number, isLast: boolean): boolean {
  if (result.kind !== 'deferred' || result.untried !== true || result.moving === true) return false
  return !isLast && now >= recipient.message.expiresAt
}

/** Whoever refuses a recipient or a message is there. */
function hasAnswered(result: Result): boolean {
  if (result.kind === 'deferred') return result.concerns !== undefined
  return result.kind === 'delivered' || result.kind === 'failed'
}
