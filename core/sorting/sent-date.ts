import type { MessageSummary } from '../model/summary.ts'
import { namedFields } from '../search/named-fields.ts'
import { sentMoment } from '../search/sent-moment.ts'

// RFC 5322 §3.3: there are no earlier years.
const earliest = Date.UTC(1900, 0)

/**
 * When a message was sent, by its first Date field, in whole seconds since 1970 UTC (RFC 5256 §2.2): at 00:00:00 where
 * the day is good and the time is not. NaN where there is no such field, or none that can be read: then the internal date
 * counts.
 */
export function sentSeconds(message: Pick<MessageSummary, 'header'>): number {
  const written = namedFields(message, 'date')[0]?.body
  const moment = written === undefined ? undefined : sentMoment(written)
  const time = moment?.getTime() ?? Number.NaN
  return time >= earliest ? Math.floor(time / 1000) : Number.NaN
}
