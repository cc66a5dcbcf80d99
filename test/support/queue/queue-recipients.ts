import { addressOf } from 'mailwright/testing'
import type { QueuedMessage, QueuedRecipient } from '../../../plugins/queue/tables/queued.ts'

/** A message as the queue has it in memory. `from` is empty for the null reverse-path. */
export function queuedMessage(number: number, from = 'sender@origin.example'): QueuedMessage {
  const reversePath = from === '' ? null : addressOf(from)
  const times = { arrivedAt: 0, expiresAt: 1_000_000 }
  return { number, id: `q${number}`, envelope: { reversePath, parameters: {} }, size: 1, ...times }
}

/** One of its recipients. */
export function queuedRecipient(
  number: number,
  message: QueuedMessage,
  more: Partial<QueuedRecipient> = {},
): QueuedRecipient {
  const recipient = addressOf(`user${number}@far.example`)
  const delivery = { recipient, parameters: {}, target: recipient }
  const state = { destination: 'far.example', attempts: 0, warned: false, last: undefined }
  return { number, message, delivery, ...state, ...more }
}
