import {
  type Clock,
  type Database,
  errorCode,
  type Log,
  type LogEvent,
  type LogFacts,
  RepeatedFailures,
} from 'mailwright'

/** A database, and the log of those who use it. */
export interface Outages {
  readonly database: Database
  /**
   * Tells once a minute of a database that does not answer: every message, and all that is done again and again, finds that out for itself.
   * The other lines are at debug.
   */
  readonly log: Log
}

/** Tells what the database says of itself from all else that cannot be had. */
export function outagesOf(database: Database, log: Log, clock: Clock): Outages {
  const repeated = new RepeatedFailures(clock)
  const outages = new WeakSet<Error>()
  const noted = <T>(result: Promise<T>): Promise<T> =>
    result.catch((error: unknown) => {
      if (error instanceof Error && errorCode(error) === 'MAIL_E_UNAVAILABLE') outages.add(error)
      throw error
    })
  const through =
    (level: 'warn' | 'error') =>
    (event: LogEvent, facts: LogFacts = {}): void => {
      const { error } = facts
      // Not by what has caused it: that names the statement, which is another one each time.
      const isKnown =
        event === 'unavailable' &&
        error instanceof Error &&
        outages.has(error) &&
        repeated.has(`${level} ${error.message}`)
      log[isKnown ? 'debug' : level](event, facts)
    }
  return {
    database: {
      dialect: database.dialect,
      ...(database.syncsCommits !== undefined && { syncsCommits: database.syncsCommits }),
      query: (run) => noted(database.query(run)),
      transaction: (run) => noted(database.transaction(run)),
    },
    log: { ...log, warn: through('warn'), error: through('error') },
  }
}
