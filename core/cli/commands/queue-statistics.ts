import { formatReply } from '../../model/reply.ts'
import {
  type QueueDestination,
  type QueueStatistics,
  type QueueTotal,
  queue,
  queueAgeLimits,
} from '../../services/queue.ts'
import { withHost } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { limitOf } from './queue-selection.ts'
import { countText, distanceText, replyLine, spanText } from './queue-text.ts'

const usualLimit = 50

/** Destinations by ages, the totals of all on top, as qshape(1) has them. */
function statisticsText({ total, destinations }: QueueStatistics, now: number): string {
  if (total.recipients === 0) return 'the queue is empty'
  const last = queueAgeLimits.at(-1) ?? 0
  const ages = [...queueAgeLimits.map(String), `${last}+`]
  const all: QueueDestination = {
    ...total,
    destination: 'TOTAL',
    oldest: total.oldest ?? now,
    pausedUntil: undefined,
  }
  const rows = [all, ...destinations].map(
    ({ destination, recipients, ages: classes, oldest, pausedUntil, pausedFor }) => [
      destination,
      String(recipients),
      ...ages.map((_, age) => String(classes[age] ?? 0)),
      spanText(Math.max(0, now - oldest)),
      pausedUntil === undefined ? '' : distanceText(pausedUntil, now),
      pausedFor === undefined ? '' : replyLine(pausedFor),
    ],
  )
  const headings = ['destination', 'total', ...ages, 'oldest', 'paused', 'why']
  const hidden = total.destinations - destinations.length
  const some = [
    countText(total.destinations, 'destination'),
    ...(hidden > 0 ? [`${hidden} not shown: --limit`] : []),
    ...(total.paused > 0 ? [`${total.paused} paused`] : []),
  ]
  return [
    table(headings, rows, ['total', ...ages, 'oldest']),
    '',
    `recipients who wait, by minutes since the message arrived${total.held > 0 ? `, ${total.held} of them held` : ''}; ${some.join(', ')}`,
  ].join('\n')
}

function jsonOf(counted: QueueTotal | QueueDestination): unknown {
  const why = 'pausedFor' in counted && counted.pausedFor !== undefined
  return {
    ...counted,
    oldest: counted.oldest === undefined ? undefined : new Date(counted.oldest),
    ...(why && { pausedFor: formatReply(counted.pausedFor) }),
  }
}

/** `queue stat`. */
export const queueStatisticsCommand: CoreCommand = {
  usage: 'queue stat',
  summary: 'what waits for which destination, and for how long already',
  options: [{ flags: '--limit <number>', summary: 'destinations at most, those with the most: 50' }],
  examples: ['mailwright queue stat'],
  action: async (context, _words, options) => {
    const limit = limitOf(options.limit, usualLimit)
    return withHost(context, async (host) => {
      const found = await host.service(queue).statistics(limit)
      const { total, destinations } = found
      const json = {
        ageLimits: queueAgeLimits,
        total: total.recipients === 0 ? undefined : jsonOf(total),
        destinations: destinations.map(jsonOf),
      }
      return { json, text: statisticsText(found, Date.now()) }
    })
  },
}
