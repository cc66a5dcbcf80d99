import { type QueueDestination, queue, queueAgeLimits } from '../../services/queue.ts'
import { withHost } from '../context.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { limitOf } from './queue-selection.ts'
import { countText, distanceText, spanText } from './queue-text.ts'

const usualLimit = 50
/** Destinations that are counted in the totals, though not all of them are shown. */
const counted = 100_000

/** Destinations by ages, the totals of all on top, as qshape(1) has them. */
export function statisticsText(all: readonly QueueDestination[], limit: number, now: number): string {
  if (all.length === 0) return 'the queue is empty'
  const last = queueAgeLimits.at(-1) ?? 0
  const ages = [...queueAgeLimits.map(String), `${last}+`]
  const rows = [total(all), ...all.slice(0, limit)].map(
    ({ destination, recipients, ages: classes, oldest, pausedUntil }) => [
      destination,
      String(recipients),
      ...ages.map((_, age) => String(classes[age] ?? 0)),
      spanText(Math.max(0, now - oldest)),
      pausedUntil === undefined ? '' : distanceText(pausedUntil, now),
    ],
  )
  const headings = ['destination', 'total', ...ages, 'oldest', 'paused']
  const hidden = all.length - limit
  return [
    table(headings, rows, ['total', ...ages, 'oldest']),
    '',
    `recipients who wait, by minutes since the message arrived; ${countText(all.length, 'destination')}` +
      (hidden > 0 ? `, ${hidden} not shown: --limit` : ''),
  ].join('\n')
}

function total(all: readonly QueueDestination[]): QueueDestination {
  return {
    destination: 'TOTAL',
    recipients: all.reduce((sum, { recipients }) => sum + recipients, 0),
    ages: [...queueAgeLimits, 0].map((_, age) => all.reduce((sum, { ages }) => sum + (ages[age] ?? 0), 0)),
    oldest: all.reduce((least, { oldest }) => Math.min(least, oldest), Number.POSITIVE_INFINITY),
    pausedUntil: undefined,
  }
}

function jsonOf(destination: QueueDestination): Record<string, unknown> {
  return { ...destination, oldest: new Date(destination.oldest) }
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
      const all = await host.service(queue).statistics(Math.max(counted, limit))
      const json = {
        ageLimits: queueAgeLimits,
        total: all.length === 0 ? undefined : jsonOf(total(all)),
        destinations: all.slice(0, limit).map(jsonOf),
      }
      return { json, text: statisticsText(all, limit, Date.now()) }
    })
  },
}
