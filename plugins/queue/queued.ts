import type { Address, MailParameters, RecipientParameters, Reply, Route, TroubleCause } from 'mailwright'
import type { MessageRow, RecipientRow } from './tables.ts'

/** What all recipients of a message share. */
export interface Envelope {
  readonly reversePath: Address | null
  /** For routes to other hosts, where edits have changed it for those. */
  readonly remoteReversePath?: Address | null
  readonly parameters: MailParameters
  /** The id of the session that it came in. */
  readonly session?: string
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
}

/** What the last attempt brought. */
export interface LastAttempt {
  readonly at: number
  readonly reply: Reply
  readonly host?: string
  readonly cause?: TroubleCause
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

export function readMessage(row: Omit<MessageRow, 'content'>): QueuedMessage {
  return {
    number: Number(row.number),
    id: row.id,
    envelope: JSON.parse(row.envelope) as Envelope,
    arrivedAt: Number(row.arrived_at),
    expiresAt: Number(row.expires_at),
    size: Number(row.size),
  }
}

export function readRecipient(row: RecipientRow, message: QueuedMessage): QueuedRecipient {
  return {
    number: Number(row.number),
    message,
    delivery: JSON.parse(row.delivery) as Delivery,
    destination: row.destination,
    attempts: row.attempts,
    warned: Boolean(row.warned),
    last: readLast(row.last),
  }
}

export function readLast(text: string | null): LastAttempt | undefined {
  return text === null ? undefined : (JSON.parse(text) as LastAttempt)
}

/** The reverse-path that one of its recipients is delivered with. */
export function reversePathFor({ envelope }: QueuedMessage, route: Route | undefined): Address | null {
  const { reversePath, remoteReversePath } = envelope
  return route?.kind === 'remote' && remoteReversePath !== undefined ? remoteReversePath : reversePath
}
