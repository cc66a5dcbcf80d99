import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import type { Address, Content, NextHops, RemoteRoute, Route } from 'mailwright'
import {
  type Delivery,
  type Envelope,
  type LastAttempt,
  type QueuedMessage,
  type QueuedRecipient,
  reversePathFor,
} from '../tables/queued.ts'
import { deadlineOf, type RetrySchedule } from '../tables/retry-schedule.ts'
import { searchedAddress, searchedTarget } from '../tables/searched-address.ts'
import { type MessageRow, never, type RecipientRow } from '../tables/tables.ts'
import type { Contents } from './contents.ts'
import type { Numbers } from './numbers.ts'

/** A recipient to be kept. */
export interface NewRecipient {
  readonly delivery: Delivery
  /** When it is tried; now where absent. */
  readonly due?: number
  readonly attempts?: number
  readonly warned?: boolean
  readonly last?: LastAttempt
}

/** A message to be kept. */
export interface NewMessage {
  readonly id: string
  readonly envelope: Envelope
  readonly arrivedAt: number
  readonly content: Content
  readonly recipients: readonly NewRecipient[]
  /** Held for this reason. */
  readonly held?: string
}

/** What is going to be written: rows, and what they are in memory. */
export interface Prepared {
  readonly messages: readonly MessageRow[]
  readonly rows: readonly RecipientRow[]
  readonly recipients: readonly QueuedRecipient[]
  /** Messages whose octets are kept already. */
  readonly kept: readonly QueuedMessage[]
}

export interface IntakeSettings {
  readonly numbers: Numbers
  readonly contents: Contents
  readonly schedule: RetrySchedule
  readonly nextHops: NextHops | undefined
}

const rowsAtOnce = 100

/** Makes rows of what has to be kept. */
export class Intake {
  readonly #settings: IntakeSettings

  constructor(settings: IntakeSettings) {
    this.#settings = settings
  }

  /** Numbers everything and writes large contents. MAIL_E_UNAVAILABLE; nothing is left then. */
  async prepare(messages: readonly NewMessage[], now: number): Promise<Prepared> {
    const { numbers, contents } = this.#settings
    const prepared = {
      messages: [] as MessageRow[],
      rows: [] as RecipientRow[],
      recipients: [] as QueuedRecipient[],
      kept: [] as QueuedMessage[],
    }
    try {
      for (const message of messages) {
        const number = await numbers.take(1)
        const queued = this.#message(message, number)
        const octets = await contents.keep(number, message.content)
        prepared.kept.push(queued)
        prepared.messages.push(messageRow(queued, octets, message.held, now))
        const held = message.held !== undefined
        const added = await this.prepareRecipients(queued, message.recipients, { now, held })
        prepared.rows.push(...added.rows)
        prepared.recipients.push(...added.recipients)
      }
      return prepared
    } catch (error) {
      for (const message of prepared.kept) await contents.remove(message)
      throw error
    }
  }

  /** Recipients for a message that is kept already. MAIL_E_UNAVAILABLE. */
  async prepareRecipients(
    message: QueuedMessage,
    added: readonly NewRecipient[],
    { now, held = false }: { readonly now: number; readonly held?: boolean },
  ): Promise<Prepared> {
    const first = await this.#settings.numbers.take(added.length)
    const recipients = added.map(({ delivery, attempts = 0, warned = false, last }, index) => ({
      number: first + index,
      message,
      delivery,
      destination: this.destinationOf(delivery.route, reversePathFor(message, delivery.route)),
      attempts,
      warned,
      last,
    }))
    const rows = recipients.map((recipient, index) => ({
      ...recipientRow(recipient),
      due: held ? never : (added[index]?.due ?? now),
      deadline:
        held || added[index]?.due === never
          ? never
          : deadlineOf(this.#settings.schedule, message, recipient.warned),
    }))
    return { messages: [], rows, recipients, kept: [] }
  }

  /** Forgets the octets of what was not written after all; where a commit got no answer, nobody knows yet. */
  discard({ kept }: Pick<Prepared, 'kept'>): void {
    for (const message of kept) this.#settings.contents.abandon(message)
  }

  /** What is delivered together. No domain begins with a colon. */
  destinationOf(route: Route | undefined, reversePath: Address | null): string {
    switch (route?.kind) {
      case undefined:
        return ':route'
      case 'account':
        return ':local'
      case 'handler':
        return fitted(`:${route.handler}`)
      case 'remote':
        return fitted(this.#remote(route, reversePath))
    }
  }

  #remote(route: RemoteRoute, reversePath: Address | null): string {
    const { nextHops } = this.#settings
    return nextHops?.destinationOf(route, reversePath) ?? route.nextHop?.toLowerCase() ?? route.address.domain
  }

  #message(message: NewMessage, number: number): QueuedMessage {
    const { id, envelope, arrivedAt, content, recipients } = message
    const { lifetime, notificationLifetime } = this.#settings.schedule
    return {
      number,
      id,
      envelope: recipients.length > 1 ? { ...envelope, recipients: recipients.length } : envelope,
      arrivedAt,
      expiresAt: arrivedAt + (envelope.reversePath === null ? notificationLifetime : lifetime),
      size: content.size,
    }
  }
}

/** Writes what was prepared. Nobody else has its numbers: what is there already was written before, without an answer. */
export async function writePrepared(knex: Knex, { messages, rows }: Prepared): Promise<void> {
  const tables = [
    ['queue_messages', messages],
    ['queue_recipients', rows],
  ] as const
  for (const [table, added] of tables)
    for (let from = 0; from < added.length; from += rowsAtOnce)
      await knex(table)
        .insert(added.slice(from, from + rowsAtOnce))
        .onConflict('number')
        .ignore()
}

/** Whether somebody of what was prepared waits. */
export async function isWritten(knex: Knex, prepared: readonly Prepared[]): Promise<boolean> {
  const numbers = prepared.flatMap(({ rows }) => rows.map(({ number }) => number))
  return (await knex('queue_recipients').whereIn('number', numbers).first('number')) !== undefined
}

/** The destinations of recipients, each once. */
export function destinationsOf(recipients: readonly { readonly destination: string }[]): readonly string[] {
  return [...new Set(recipients.map(({ destination }) => destination))]
}

const longestDestination = 255

/** A name for a table's column: what is too long ends in a digest. */
function fitted(destination: string): string {
  if (destination.length <= longestDestination) return destination
  const digest = createHash('sha256').update(destination).digest('hex').slice(0, 32)
  return `${destination.slice(0, longestDestination - digest.length - 1)} ${digest}`
}

function messageRow(
  message: QueuedMessage,
  octets: Buffer | undefined,
  held: string | undefined,
  now: number,
): MessageRow {
  const { number, id, envelope, arrivedAt, expiresAt, size } = message
  return {
    number,
    id,
    sender: searchedAddress(envelope.reversePath),
    envelope: JSON.stringify(envelope),
    arrived_at: arrivedAt,
    expires_at: expiresAt,
    size,
    content: octets ?? null,
    held_at: held === undefined ? null : now,
    held_reason: held?.slice(0, 512) ?? null,
  }
}

function recipientRow(recipient: QueuedRecipient): Omit<RecipientRow, 'due' | 'deadline'> {
  const { number, message, delivery, destination, attempts, warned, last } = recipient
  return {
    number,
    message: message.number,
    address: searchedAddress(delivery.recipient),
    target: searchedTarget(delivery),
    delivery: JSON.stringify(delivery),
    destination,
    attempts,
    warned,
    last: last === undefined ? null : JSON.stringify(last),
    tried_by: null,
  }
}
