import { type QueuedRecipient, type QueueItem, type QueueState, queue } from '../../services/queue.ts'
import { UsageError, withHost } from '../context.ts'
import { printable, table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { given } from './quantities.ts'
import { type ListedPage, listedPages, untilClosed, writerTo } from './queue-pages.ts'
import { limitOf, selectionOf, selectionOptions } from './queue-selection.ts'
import {
  countText,
  distanceText,
  itemJson,
  recipientText,
  replyText,
  reversePathText,
  sizeText,
  timeText,
} from './queue-text.ts'

const usualLimit = 1_000

type Pages = AsyncIterable<ListedPage>

interface Words {
  /** For a list without messages. */
  readonly nothing: string
  /** Which ones these are, where there are more. */
  readonly which: string
}

/** The list for people: each message, and under it for whom it waits, until when and why; at the end the totals. */
async function* listText(pages: Pages, words: Words): AsyncGenerator<string> {
  const totals = { messages: 0, recipients: 0, octets: 0 }
  for await (const { items, isLast, next } of pages) {
    if (items.length > 0) yield entriesText(items, totals.messages === 0, Date.now())
    for (const { recipientCount, size } of items) {
      totals.messages++
      totals.recipients += recipientCount
      totals.octets += size
    }
    if (isLast) yield `${footer(totals, words, next)}\n`
  }
}

function entriesText(items: readonly QueueItem[], hasHeadings: boolean, now: number): string {
  const [headings = '', ...lines] = table(
    ['id', 'size', 'arrived', 'state', 'sender'],
    items.map((item) => [
      item.id,
      sizeText(item.size),
      timeText(item.arrivedAt),
      item.state,
      reversePathText(item.reversePath),
    ]),
    ['size'],
  ).split('\n')
  const entries = items.map((item, index) => [lines[index] ?? '', ...detailLines(item, now), ''].join('\n'))
  return `${[...(hasHeadings ? [headings] : []), ...entries].join('\n')}\n`
}

function detailLines(item: QueueItem, now: number): readonly string[] {
  const { recipients, recipientCount, reason } = item
  const rows = recipients.map((recipient) => [
    recipientText(recipient),
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
    ...(recipientCount === 0 ? ['its sender has yet to be told what has become of it'] : []),
    ...(more > 0 ? [`and ${countText(more, 'more recipient')}`] : []),
  ].map((line) => `    ${line}`)
}

function nextText(
  { attempts, nextAttempt, held, stillTried }: QueuedRecipient,
  state: QueueState,
  now: number,
): string {
  const tried = attempts === 0 ? 'not tried yet' : `tried ${attempts}x`
  if (stillTried === true) return `${tried}, held, still being tried`
  if (held === true || state === 'held') return `${tried}, held`
  const isDue = nextAttempt === undefined || nextAttempt.getTime() <= now
  if (state === 'active' && isDue) return `${tried}, now again`
  if (nextAttempt === undefined) return tried
  return `${tried}, next ${isDue ? 'now' : distanceText(nextAttempt, now)}`
}

interface Totals {
  readonly messages: number
  readonly recipients: number
  readonly octets: number
}

function footer({ messages, recipients, octets }: Totals, { nothing, which }: Words, next?: string): string {
  if (messages === 0) return nothing
  const totals = [
    countText(messages, 'message'),
    countText(recipients, 'recipient'),
    `${sizeText(octets)} octets`,
  ].join(', ')
  if (next === undefined) return `-- ${totals}`
  return `-- the ${which} ${totals}; there are more: --all, or --after ${printable(next)}`
}

/** One JSON array, though it is not in memory as a whole. */
async function* listJson(pages: Pages): AsyncGenerator<string> {
  let isEmpty = true
  for await (const { items } of pages) {
    if (items.length === 0) continue
    const values = items.map((item) => JSON.stringify(itemJson(item), null, 2).replaceAll('\n', '\n  '))
    yield `${isEmpty ? '[\n  ' : ',\n  '}${values.join(',\n  ')}`
    isEmpty = false
  }
  yield isEmpty ? '[]\n' : '\n]\n'
}

async function* listJsonLines(pages: Pages): AsyncGenerator<string> {
  for await (const { items } of pages)
    yield items.map((item) => `${JSON.stringify(itemJson(item))}\n`).join('')
}

/** `queue list`. */
export const queueListCommand: CoreCommand = {
  usage: 'queue list',
  summary: 'list what waits, oldest first: for whom, until when, and why',
  options: [
    ...selectionOptions,
    { flags: '--limit <number>', summary: 'messages at most: 1000' },
    { flags: '--all', summary: 'every message, however many there are' },
    { flags: '--after <place>', summary: 'go on after the place of a message that was listed before' },
    { flags: '--json-lines', summary: 'print each message as JSON on a line of its own' },
  ],
  examples: [
    'mailwright queue list --recipient @example.net',
    'mailwright queue list --sender "<>" --state held --json',
    'mailwright queue list --all --json-lines --before 1d | jq -r .id',
  ],
  action: async (context, _words, { limit: limitWord, all, after, jsonLines, ...conditions }) => {
    if (all === true && given(limitWord)) throw new UsageError('say --all or --limit, not both')
    const selection = selectionOf(conditions)
    const limit = all === true ? Number.POSITIVE_INFINITY : limitOf(limitWord, usualLimit)
    const from = given(after) ? after : undefined
    const words = {
      nothing:
        Object.keys(selection).length > 0 || from !== undefined
          ? 'nothing like that waits'
          : 'the queue is empty',
      which: from === undefined ? 'oldest' : 'next',
    }
    return withHost(context, async (host) => {
      const pages = listedPages(host.service(queue), selection, limit, from)
      const texts =
        jsonLines === true ? listJsonLines(pages) : context.json ? listJson(pages) : listText(pages, words)
      const write = writerTo(context.output)
      await untilClosed(async () => {
        for await (const text of texts) await write(text)
      })
      return undefined
    })
  },
}
