import { formatUnicodeAddress } from '../../model/address.ts'
import { type QueuedRecipient, type QueueItem, type QueueState, queue } from '../../services/queue.ts'
import { withHost } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { limitOf, selectionOf, selectionOptions } from './queue-selection.ts'
import {
  countText,
  distanceText,
  itemJson,
  replyText,
  reversePathText,
  sizeText,
  timeText,
} from './queue-text.ts'

const usualLimit = 1_000

/** The list for people: each message, and under it for whom it waits, until when and why. */
export function listText(items: readonly QueueItem[], limit: number, now: number): string {
  if (items.length === 0) return 'the queue is empty'
  const shown = items.slice(0, limit)
  const [headings = '', ...lines] = table(
    ['id', 'size', 'arrived', 'state', 'sender'],
    shown.map((item) => [
      item.id,
      sizeText(item.size),
      timeText(item.arrivedAt),
      item.state,
      reversePathText(item.reversePath),
    ]),
    ['size'],
  ).split('\n')
  const entries = shown.map((item, index) => [lines[index] ?? '', ...detailLines(item, now), ''].join('\n'))
  return [headings, ...entries, footer(shown, items.length > limit)].join('\n')
}

function detailLines(item: QueueItem, now: number): readonly string[] {
  const { recipients, recipientCount, reason } = item
  const rows = recipients.map((recipient) => [
    formatUnicodeAddress(recipient.address),
    nextText(recipient, item.state, now),
    replyText(recipient),
  ])
  const more = recipientCount - recipients.length
  return [
    ...(reason === undefined
      ? []
      : table([''], [[reason]])
          .split('\n')
          .slice(1)),
    ...table(['', '', ''], rows).split('\n').slice(1),
    ...(more > 0 ? [`and ${countText(more, 'more recipient')}`] : []),
  ].map((line) => `    ${line}`)
}

function nextText({ attempts, nextAttempt }: QueuedRecipient, state: QueueState, now: number): string {
  const tried = attempts === 0 ? 'not tried yet' : `tried ${attempts}x`
  if (state === 'active') return `${tried}, now again`
  if (state === 'held' || nextAttempt === undefined) return tried
  const isDue = nextAttempt.getTime() <= now
  return `${tried}, next ${isDue ? 'now' : distanceText(nextAttempt, now)}`
}

function footer(shown: readonly QueueItem[], isPart: boolean): string {
  const octets = shown.reduce((sum, { size }) => sum + size, 0)
  const recipients = shown.reduce((sum, { recipientCount }) => sum + recipientCount, 0)
  const totals = [
    countText(shown.length, 'message'),
    countText(recipients, 'recipient'),
    `${sizeText(octets)} octets`,
  ].join(', ')
  return isPart ? `-- the oldest ${totals}; there are more: --limit` : `-- ${totals}`
}

/** `queue list`. */
export const queueListCommand: CoreCommand = {
  usage: 'queue list',
  summary: 'list what waits, oldest first: for whom, until when, and why',
  options: [...selectionOptions, { flags: '--limit <number>', summary: 'messages at most: 1000' }],
  examples: [
    'mailwright queue list --recipient @example.net',
    'mailwright queue list --sender "<>" --state held --json',
  ],
  action: async (context, _words, options) => {
    const [selection, limit] = [selectionOf(options), limitOf(options.limit, usualLimit)]
    return withHost(context, async (host) => {
      const items = await host.service(queue).list(selection, limit + 1)
      const isWhole = Object.keys(selection).length === 0
      const text =
        items.length === 0 && !isWhole ? 'nothing like that waits' : listText(items, limit, Date.now())
      return { json: items.slice(0, limit).map(itemJson), text }
    })
  },
}
