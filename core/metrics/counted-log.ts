import type { Log } from '../log.ts'
import type { Metrics } from './metrics.ts'

/** A log whose warnings and errors are counted, by what they say. */
export function countedLog(log: Log, metrics: Metrics): Log {
  const lines = metrics.counter({
    name: 'mailwright_log_lines_total',
    help: 'Lines of the log at the levels warn and error.',
    labels: ['level', 'event'],
  })
  const counted = (inner: Log): Log => ({
    debug: (event, facts) => inner.debug(event, facts),
    info: (event, facts) => inner.info(event, facts),
    warn(event, facts) {
      lines.of('warn', event).add()
      inner.warn(event, facts)
    },
    error(event, facts) {
      lines.of('error', event).add()
      inner.error(event, facts)
    },
    child: (facts) => counted(inner.child(facts)),
  })
  return counted(log)
}
