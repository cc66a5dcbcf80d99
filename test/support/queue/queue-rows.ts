import type { Database, TroubleCause } from 'mailwright'
import { type MessageRow, never, type RecipientRow } from '../../../plugins/queue/tables/tables.ts'

/** A message to be written straight into the tables of a queue. */
export interface WrittenMessage {
  readonly number: number
  /** Its queue id; one of its number where absent. */
  readonly id?: string
  readonly arrivedAt: number
  /** `sender@origin.example` */
  readonly sender?: string
  readonly isHeld?: boolean
  /** Why its last attempt failed; null: not known. There was none where absent. */
  readonly cause?: TroubleCause | null
  /** Addresses, whose domains are their destinations. */
  readonly to: readonly string[]
}

const rowsAtOnce = 50

/** Writes messages as the queue does. Recipients have the numbers after their message's. */
export async function writeMessages(database: Database, messages: readonly WrittenMessage[]): Promise<void> {
  const rows = messages.map(messageRow)
  const recipients = messages.flatMap((message) =>
    message.to.map((to, index) => recipientRow(message, to, index)),
  )
  await database.transaction(async (knex) => {
    for (let from = 0; from < rows.length; from += rowsAtOnce)
      await knex('queue_messages').insert(rows.slice(from, from + rowsAtOnce))
    for (let from = 0; from < recipients.length; from += rowsAtOnce)
      await knex('queue_recipients').insert(recipients.slice(from, from + rowsAtOnce))
  })
}

function messageRow({
  number,
  id,
  arrivedAt,
  sender = 'sender@origin.example',
  isHeld,
}: WrittenMessage): MessageRow {
  return {
    number,
    id: id ?? `id${number}`,
    sender,
    envelope: JSON.stringify({ reversePath: addressOf(sender), parameters: {} }),
    arrived_at: arrivedAt,
    expires_at: arrivedAt + 432_000_000,
    size: 100,
    content: Buffer.alloc(100, 'x'),
    held_at: isHeld === true ? arrivedAt : null,
    held_reason: isHeld === true ? 'held' : null,
  }
}

function recipientRow(
  { number, arrivedAt, isHeld, cause }: WrittenMessage,
  to: string,
  index: number,
): RecipientRow {
  const recipient = addressOf(to)
  return {
    number: number + 1 + index,
    message: number,
    address: to,
    target: null,
    delivery: JSON.stringify({ recipient, parameters: {}, target: recipient }),
    destination: recipient.domain,
    attempts: 1,
    due: isHeld === true ? never : arrivedAt + 300_000,
    deadline: isHeld === true ? never : arrivedAt + 14_400_000,
    warned: false,
    last:
      cause === undefined
        ? null
        : JSON.stringify({ at: arrivedAt, reply: { code: 450, lines: ['x'] }, cause }),
    tried_by: null,
  }
}

function addressOf(text: string): { readonly localPart: string; readonly domain: string } {
  const [localPart = '', domain = ''] = text.split('@')
  return { localPart, domain }
}
