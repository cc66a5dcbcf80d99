import {
  type Address,
  addressKey,
  type MailParameters,
  type RecipientParameters,
  type Reply,
  type ReportedRecipient,
  type Route,
  type TroubleCause,
} from 'mailwright'
import type { MessageRow, RecipientRow } from './tables.ts'

/** What all recipients of a message share. */
export interface Envelope {
  readonly reversePath: Address | null
  /** For routes to other hosts, where edits have changed it for those. */
  readonly remoteReversePath?: Address | null
  readonly parameters: MailParameters
  /** The id of the session that it came in. */
  readonly session?: string
  /** It goes into Junk, for this reason. */
  readonly quarantine?: string
  /** How many it came for; one where absent. */
  readonly recipients?: number
}

/** A message that waits. Times are milliseconds since 1970. */
export interface QueuedMessage {
  readonly number: number
  readonly id: string
  readonly envelope: Envelope
  readonly arrivedAt: number
  readonly expiresAt: number
  readonly size: number
}

/** What one recipient needs to be delivered. */
export interface Delivery {
  readonly recipient: Address
  readonly parameters: RecipientParameters
  /** What is asked for a route: the recipient, or what an alias made of it. */
  readonly target: Address
  /** Undefined: it has to be asked for. */
  readonly route?: Route
  /** After how many attempts that was asked for last; none where absent. */
  readonly askedAfter?: number
  /** How many an alias has made of the recipient, this one included; 1 where absent, 0 where nobody can say any more. */
  readonly variants?: number
  /** The postmaster has released it after its route had held it. */
  readonly released?: boolean
  /** What sorting has sent on already: see {@link import('../outcomes/sent-on.ts').SentOn}. */
  readonly sentOn?: readonly string[]
}

/** Deliveries with how many there are for the same recipient. */
export function withVariants(deliveries: readonly Delivery[]): readonly Delivery[] {
  const counts = new Map<string, number>()
  for (const { recipient } of deliveries) {
    const key = addressKey(recipient)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return deliveries.map((delivery) => {
    const variants = counts.get(addressKey(delivery.recipient)) ?? 1
    return variants === 1 ? delivery : { ...delivery, variants }
  })
}

/** What the last attempt brought. */
export interface LastAttempt {
  readonly at: number
  readonly reply: Reply
  readonly host?: string
  /** Where the reply is the host's own words. */
  readonly place?: string
  readonly cause?: TroubleCause
  /** Its route has held it; whoever tries it again, does so since it was released. False where it was held for another reason. */
  readonly held?: boolean
}

/** A recipient who waits. */
export interface QueuedRecipient {
  readonly number: number
  readonly message: QueuedMessage
  readonly delivery: Delivery
  readonly destination: string
  /** Attempts so far. */
  readonly attempts: number
  readonly warned: boolean
  readonly last: LastAttempt | undefined
}

/** Whether these are all that a message is for, so that nobody has to look for others. */
export function areAll({ envelope }: QueuedMessage, some: readonly QueuedRecipient[]): boolean {
  // Others may have come from the same alias.
  if (some.some(({ delivery }) => delivery.askedAfter !== undefined)) return false
  return some.length >= (envelope.recipients ?? 1)
}

/** Undefined where the row is damaged. */
export function readMessage(row: Omit<MessageRow, 'content'>): QueuedMessage | undefined {
  const envelope = readJson(row.envelope)
  if (!isEnvelope(envelope)) return undefined
  return {
    number: Number(row.number),
    id: row.id,
    envelope,
    arrivedAt: Number(row.arrived_at),
    expiresAt: Number(row.expires_at),
    size: Number(row.size),
  }
}

/** Undefined where the row is damaged. */
export function readRecipient(row: RecipientRow, message: QueuedMessage): QueuedRecipient | undefined {
  const delivery = readDelivery(row.delivery)
  if (delivery === undefined) return undefined
  return {
    number: Number(row.number),
    message,
    delivery,
    destination: row.destination,
    attempts: row.attempts,
    warned: Boolean(row.warned),
    last: readLast(row.last),
  }
}

/** Undefined where the text is damaged. */
export function readDelivery(text: string): Delivery | undefined {
  const delivery = readJson(text)
  return isDelivery(delivery) ? delivery : undefined
}

/** Undefined where there is none, or where the text is damaged. */
export function readLast(text: string | null): LastAttempt | undefined {
  const last = readJson(text) as Partial<LastAttempt> | undefined
  const isOne = typeof last?.at === 'number' && isReply(last.reply)
  return isOne ? (last as LastAttempt) : undefined
}

/** Undefined where the text is damaged. */
export function readReported(text: string): ReportedRecipient | undefined {
  const reported = readJson(text)
  return isReported(reported) ? reported : undefined
}

function readJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text)) ?? undefined
  } catch {
    return undefined
  }
}

type Fields = Readonly<Record<string, unknown>>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

function isAddress(value: unknown): boolean {
  return isFields(value) && typeof value.localPart === 'string' && typeof value.domain === 'string'
}

function isReply(value: unknown): boolean {
  return isFields(value) && typeof value.code === 'number'
}

function isEnvelope(value: unknown): value is Envelope {
  if (!isFields(value) || !isFields(value.parameters)) return false
  const { reversePath, remoteReversePath = null } = value
  return [reversePath, remoteReversePath].every((path) => path === null || isAddress(path))
}

function isDelivery(value: unknown): value is Delivery {
  if (!isFields(value) || !isFields(value.parameters)) return false
  if (value.sentOn !== undefined && !Array.isArray(value.sentOn)) return false
  return isAddress(value.recipient) && isAddress(value.target) && isRoute(value.route)
}

function isReported(value: unknown): value is ReportedRecipient {
  if (!isFields(value) || !isFields(value.parameters) || !isReply(value.reply)) return false
  const { action, lastAttempt } = value
  return (
    [value.recipient, value.finalRecipient].every(isAddress) &&
    typeof action === 'string' &&
    (lastAttempt === undefined || typeof lastAttempt === 'number')
  )
}

function isRoute(value: unknown): boolean {
  if (value === undefined) return true
  if (!isFields(value) || !isAddress(value.address)) return false
  if (value.kind === 'account') return isFields(value.account) && isAddress(value.account.address)
  return value.kind === 'remote' || (value.kind === 'handler' && typeof value.handler === 'string')
}

/** The reverse-path that one of its recipients is delivered with. */
export function reversePathFor({ envelope }: QueuedMessage, route: Route | undefined): Address | null {
  const { reversePath, remoteReversePath } = envelope
  return route?.kind === 'remote' && remoteReversePath !== undefined ? remoteReversePath : reversePath
}
