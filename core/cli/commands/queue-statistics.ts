import { MailwrightError } from '../../errors.ts'
import { formatReply } from '../../model/reply.ts'
import {
  type Queue,
  type QueueCount,
  type QueueDestination,
  type QueueDistribution,
  type QueueGrouping,
  type QueueSelection,
  type QueueStatistics,
  type QueueTotal,
  queue,
  queueAgeLimits,
} from '../../services/queue.ts'
import { UsageError, withHost } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { given } from './quantities.ts'
import { limitOf, selectionOf, selectionOptions } from './queue-selection.ts'
import { countText, distanceText, replyLine, spanText } from './queue-text.ts'

const usualLimit = 50
const groupings: readonly QueueGrouping[] = ['destination', 'sender', 'sender-address', 'recipient', 'cause']

type Totals = Pick<QueueTotal, keyof QueueCount>

/** A line of the table: its name, what is counted, and what stands behind that. */
interface Line {
  readonly name: string
  readonly count: Omit<Totals, 'held'> & { readonly held?: number }
  readonly more?: readonly string[]
}

/** What waits by ages, the totals of all on top, as qshape(1) has them. */
function agesTable(
  heading: string,
  total: Totals,
  lines: readonly Line[],
  now: number,
  more: readonly string[] = [],
): string {
  const last = queueAgeLimits.at(-1) ?? 0
  const ages = [...queueAgeLimits.map(String), `${last}+`]
  const held = total.held > 0 ? ['held'] : []
  const rows = [{ name: 'TOTAL', count: total }, ...lines].map(({ name, count, more = [] }: Line) => [
    name,
    String(count.recipients),
    ...held.map(() => String(count.held ?? '')),
    ...ages.map((_, age) => String(count.ages[age] ?? 0)),
    spanText(Math.max(0, now - (count.oldest ?? now))),
    ...more,
  ])
  const figures = ['total', ...held, ...ages, 'oldest']
  return table([heading, ...figures, ...more], rows, figures)
}

/** What the figures are, and how many more lines there might be. */
function footer({ held }: Totals, some: readonly string[]): string {
  const heldText = held > 0 ? `, ${held} of them held` : ''
  return `recipients who wait, by minutes since the message arrived${heldText}; ${some.join(', ')}`
}

function countsText(count: number, one: string, shown: number): readonly string[] {
  const hidden = count - shown
  return [countText(count, one), ...(hidden > 0 ? [`${hidden} not shown: --limit`] : [])]
}

function statisticsText({ total, destinations }: QueueStatistics, now: number): string {
  if (total.recipients === 0) return 'the queue is empty'
  const lines = destinations.map((each) => ({
    name: each.destination,
    count: each,
    more: [each.pausedUntil === undefined ? '' : distanceText(each.pausedUntil, now), pauseText(each)],
  }))
  const paused = total.paused > 0 ? [`${total.paused} paused`] : []
  const some = [...countsText(total.destinations, 'destination', destinations.length), ...paused]
  return [agesTable('destination', total, lines, now, ['paused', 'why']), '', footer(total, some)].join('\n')
}

function pauseText({ pausedFor, pausedCause }: QueueDestination): string {
  if (pausedFor === undefined) return ''
  return [pausedCause, replyLine(pausedFor)].filter((part) => part !== undefined).join(': ')
}

function distributionText(
  { total, found, groups }: QueueDistribution,
  by: QueueGrouping,
  isAll: boolean,
  now: number,
): string {
  if (total.recipients === 0) return isAll ? 'the queue is empty' : 'nothing like that waits'
  const lines = groups.map((count) => ({ name: count.name, count }))
  const some = countsText(found, 'line', groups.length)
  return [agesTable(by, total, lines, now), '', footer(total, some)].join('\n')
}

function jsonOf<Counted extends Omit<Totals, 'held'>>(counted: Counted): Record<string, unknown> {
  return { ...counted, oldest: counted.oldest === undefined ? undefined : new Date(counted.oldest) }
}

function statisticsJson({ total, destinations }: QueueStatistics): unknown {
  return {
    ageLimits: queueAgeLimits,
    total: total.recipients === 0 ? undefined : jsonOf(total),
    destinations: destinations.map(({ pausedFor, ...destination }) => ({
      ...jsonOf(destination),
      ...(pausedFor === undefined ? {} : { pausedFor: formatReply(pausedFor) }),
    })),
  }
}

function distributionJson({ total, found, groups }: QueueDistribution, by: QueueGrouping): unknown {
  const all = total.recipients === 0 ? undefined : jsonOf(total)
  return { ageLimits: queueAgeLimits, by, total: all, found, groups: groups.map(jsonOf) }
}

function groupingOf(word: string | boolean | undefined): QueueGrouping {
  if (!given(word)) return 'destination'
  const grouping = groupings.find((each) => each === word)
  if (grouping !== undefined) return grouping
  throw new UsageError(`"${word}" is none of ${groupings.join(', ')}`)
}

function distributionOf(
  service: Queue,
  by: QueueGrouping,
  selection: QueueSelection,
  limit: number,
): Promise<QueueDistribution> {
  if (service.distribution !== undefined) return service.distribution(by, selection, limit)
  throw new MailwrightError('MAIL_E_UNSUPPORTED', 'the queue tells only what waits for each destination')
}

/** `queue stat`. */
export const queueStatisticsCommand: CoreCommand = {
  usage: 'queue stat',
  summary: 'what waits, for how long already: by destination, sender, recipient or cause',
  options: [
    { flags: '--by <what>', summary: `${groupings.join(', ')}: destination` },
    ...selectionOptions,
    { flags: '--limit <number>', summary: 'lines at most, those with the most: 50' },
  ],
  examples: [
    'mailwright queue stat',
    'mailwright queue stat --by sender --state waiting',
    'mailwright queue stat --by cause --recipient @example.net',
  ],
  action: async (context, _words, { by: byWord, limit: limitWord, ...conditions }) => {
    const by = groupingOf(byWord)
    const selection = selectionOf(conditions)
    const limit = limitOf(limitWord, usualLimit)
    const isAll = Object.keys(selection).length === 0
    return withHost(context, async (host) => {
      const service = host.service(queue)
      if (by === 'destination' && isAll) {
        const found = await service.statistics(limit)
        return { json: statisticsJson(found), text: statisticsText(found, Date.now()) }
      }
      const found = await distributionOf(service, by, selection, limit)
      return { json: distributionJson(found, by), text: distributionText(found, by, isAll, Date.now()) }
    })
  },
}
