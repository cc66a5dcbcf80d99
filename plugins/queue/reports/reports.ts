import {
  type Delivered,
  type DeliveryFlow,
  type Failed,
  formatAddress,
  type History,
  type Log,
  type Message,
  newId,
  type Outcome,
  type RecipientAction,
  type RecipientParameters,
  type ReportedRecipient,
  reply,
  type StatusNotification,
  type StatusNotifications,
  wantsSuccess,
} from 'mailwright'
import type { NewMessage } from '../intake/intake.ts'
import type { PutOff } from '../outcomes/outcomes.ts'
import { type Delivery, type QueuedMessage, type QueuedRecipient, withVariants } from '../tables/queued.ts'

/** Something that a sender may want to know. */
export interface Reportable {
  readonly recipient: Pick<QueuedRecipient, 'delivery'>
  readonly outcome:
    | Exclude<Outcome, { kind: 'deferred' }>
    | { readonly kind: 'delayed'; readonly putOff: PutOff }
  /** Where no attempt was made just now: when the last one was, in milliseconds since 1970, or that there was none. */
  readonly lastAttempt?: number | 'none'
}

export interface ReportsSettings {
  readonly notifications: StatusNotifications | undefined
  readonly delivery: DeliveryFlow
  readonly history: History | undefined
  readonly log: Log
}

/** Nobody is told of what tells (RFC 3461 §4.1). */
const unreported: RecipientParameters = { notify: ['NEVER'] }
const arrived = reply(250, '2.0.0', 'Delivered')
const expanded = reply(250, '2.0.0', 'Goes on to several addresses')

/** Makes messages of what senders have to be told. */
export class Reports {
  readonly #settings: ReportsSettings

  constructor(settings: ReportsSettings) {
    this.#settings = settings
  }

  /** Whether anybody tells senders that something was given up. */
  get tellsFailures(): boolean {
    return this.#settings.notifications !== undefined
  }

  /** The notifications that are due, ready to be kept. */
  async of(
    message: Pick<QueuedMessage, 'id' | 'envelope' | 'arrivedAt' | 'expiresAt'>,
    content: Message,
    reportable: readonly Reportable[],
    now: number,
  ): Promise<readonly NewMessage[]> {
    const recipients = reportable.flatMap((one) => reported(one, message.expiresAt, now) ?? [])
    return this.compose(message, content, recipients, now)
  }

  /** The same, of what was noted before. */
  async compose(
    { id, envelope, arrivedAt }: Pick<QueuedMessage, 'id' | 'envelope' | 'arrivedAt'>,
    message: Message,
    recipients: readonly ReportedRecipient[],
    now: number,
  ): Promise<readonly NewMessage[]> {
    if (recipients.length === 0 || this.#settings.notifications === undefined) return []
    const { reversePath, parameters } = envelope
    const report = { id, reversePath, parameters, arrivedAt, message, recipients }
    const composed = await this.#settings.notifications.compose(report)
    return Promise.all(composed.map((notification) => this.#newMessage(notification, { id, envelope }, now)))
  }

  async #newMessage(
    { to, message }: StatusNotification,
    about: Pick<QueuedMessage, 'id' | 'envelope'>,
    now: number,
  ): Promise<NewMessage> {
    const id = newId(now)
    this.#record(id, `${formatAddress(to)}: notification about ${about.id}`, now)
    const found = await this.#settings.delivery.route({ address: to, original: to })
    const deliveries = found.ok
      ? found.routes.map((route) => ({ recipient: to, parameters: unreported, target: route.address, route }))
      : [{ recipient: to, parameters: unreported, target: to }]
    // RFC 8689 §5: what tells of a message is as confidential as the message.
    const parameters = about.envelope.parameters.requireTls === true ? { requireTls: true } : {}
    return {
      id,
      envelope: { reversePath: null, parameters },
      arrivedAt: now,
      content: message.content,
      recipients: withVariants(deliveries).map((delivery) => ({ delivery })),
    }
  }

  #record(transaction: string, text: string, at: number): void {
    this.#settings.log.info('accepted', { transaction, text })
    try {
      this.#settings.history?.record({ at, verb: 'accepted', transaction, text })
    } catch (error) {
      this.#settings.log.error('internal-error', { transaction, service: 'history', error })
    }
  }
}

/** That a recipient stands for several others, to whom it goes on. Undefined where the sender does not want to know. */
export function expansion({
  recipient,
  parameters,
}: Pick<Delivery, 'recipient' | 'parameters'>): (Reportable & { readonly outcome: Delivered }) | undefined {
  if (!wantsSuccess(parameters)) return undefined
  const delivery = { recipient, parameters, target: recipient }
  return { recipient: { delivery }, outcome: { kind: 'delivered', text: 'expanded', reached: 'expanded' } }
}

/** A success is told by whoever has it in the end, and only where it is asked for (RFC 3461 §5.2). */
function isWanted({ recipient, outcome }: Reportable): boolean {
  if (outcome.kind !== 'delivered') return true
  return outcome.reached !== 'passed-on' && wantsSuccess(recipient.delivery.parameters)
}

/** A recipient's part in a report; undefined where nobody can want to know. */
export function reported(
  reportable: Reportable,
  expiresAt: number,
  now: number,
): ReportedRecipient | undefined {
  if (!isWanted(reportable)) return undefined
  const { recipient, outcome } = reportable
  const { recipient: original, target, route, parameters } = recipient.delivery
  const about = {
    recipient: original,
    finalRecipient: route?.address ?? target,
    parameters,
    ...lastAttemptOf(reportable, now),
  }
  switch (outcome.kind) {
    case 'delivered': {
      const action = actionOf(outcome)
      const { reply: said = action === 'expanded' ? expanded : arrived } = outcome
      return { ...about, action, reply: said, ...hostOf(outcome) }
    }
    case 'failed':
      return { ...about, action: 'failed', reply: outcome.reply, ...causeOf(outcome), ...hostOf(outcome) }
    case 'delayed': {
      const { last } = outcome.putOff
      // Who waits for others' turns may be tried behind its time.
      const facts = { reply: last.reply, ...(expiresAt > now && { willRetryUntil: expiresAt }) }
      return { ...about, action: 'delayed', ...facts, ...causeOf(last), ...hostOf(last) }
    }
  }
}

function lastAttemptOf(
  { outcome, lastAttempt }: Reportable,
  now: number,
): Pick<ReportedRecipient, 'lastAttempt'> {
  if (lastAttempt === 'none') return {}
  return { lastAttempt: lastAttempt ?? (outcome.kind === 'delayed' ? outcome.putOff.last.at : now) }
}

function actionOf({ reached }: Delivered): RecipientAction {
  return reached === 'relayed' || reached === 'expanded' ? reached : 'delivered'
}

/** Whoever is told that time was up wants to know what it was needed for. */
function causeOf({
  cause,
  lastCause = cause,
}: Pick<Failed, 'cause' | 'lastCause'>): Pick<ReportedRecipient, 'cause'> {
  return lastCause === undefined ? {} : { cause: lastCause }
}

function hostOf(from: {
  readonly host?: string
  readonly place?: string
}): Pick<ReportedRecipient, 'remoteHost' | 'remotePlace'> {
  return {
    ...(from.host === undefined ? {} : { remoteHost: from.host }),
    ...(from.place === undefined ? {} : { remotePlace: from.place }),
  }
}
