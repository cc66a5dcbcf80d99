import { type Clock, errorCode, type Log, type LogEvent, type LogFacts, RepeatedFailures } from 'mailwright'

/**
 * A log in which a database that does not answer is told of once a minute: every message, and all that is done again and again, finds
 * that out for itself. The other lines are at debug.
 */
export function outageLog(log: Log, clock: Clock): Log {
  const repeated = new RepeatedFailures(clock)
  const through =
    (level: 'warn' | 'error') =>
    (event: LogEvent, facts: LogFacts = {}): void => {
      const { error } = facts
      // Not by what has caused it: that names the statement, which is another one each time.
      const isKnown =
        error instanceof Error &&
        errorCode(error) === 'MAIL_E_UNAVAILABLE' &&
        repeated.has(`${level} ${event} ${error.message}`)
      log[isKnown ? 'debug' : level](event, facts)
    }
  return { ...log, warn: through('warn'), error: through('error') }
}
