import { type DestinationStream, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino'
import { faultStack } from './error-stack.ts'
import { errorCode, errorText } from './errors.ts'
import { LogOutput } from './log-output.ts'

/** The fixed words of the log. docs/operations.md explains each; a test keeps the two equal. */
export const logEvents = [
  'starting',
  'ready',
  'reloading',
  'reloaded',
  'reload-refused',
  'worker-started',
  'worker-ended',
  'stopping',
  'stopped',
  'connected',
  'login',
  'login-failed',
  'accepted',
  'refused',
  'delivered',
  'deferred',
  'bounced',
  'closed',
  'hook-failed',
  'late-answer',
  'plugin-failed',
  'store-repaired',
  'unavailable',
  'recovered',
  'limit-reached',
  'certificate',
  'migrated',
  'first-run',
  'lines-lost',
  'signal-ignored',
  'stuck',
  'left-open',
  'protocol-error',
  'tls-failed',
  'internal-error',
] as const

export type LogEvent = (typeof logEvents)[number]

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Facts of a line. `error` is turned into text and code, and into a `stack` where it is a fault of a program; ids are `session` and `transaction`, as in the history. */
export type LogFacts = Readonly<Record<string, unknown>> & { readonly error?: unknown }

/** Structured log: one JSON object a line. Foreign text cannot break a line: pino escapes it. */
export interface Log {
  debug(event: LogEvent, facts?: LogFacts): void
  info(event: LogEvent, facts?: LogFacts): void
  warn(event: LogEvent, facts?: LogFacts): void
  error(event: LogEvent, facts?: LogFacts): void
  /** A log whose lines all carry these facts. */
  child(facts: LogFacts): Log
}

/** Writes to standard error where no destination is given, so that standard output stays for answers. */
export function createLog(level: LogLevel, destination: DestinationStream = standardError): Log {
  return wrap(pino({ ...format, level }, destination))
}

const format: LoggerOptions = {
  base: null,
  messageKey: 'event',
  timestamp: stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
}

/** The logs of a process share it: each of them may have left a part of a line. */
const standardError: DestinationStream = new LogOutput(2, (lost, error) => {
  let line = ''
  const write = (text: string): void => {
    line = text
  }
  createLog('error', { write }).error('lines-lost', { lost, error })
  return line
})

function wrap(logger: Logger): Log {
  return {
    debug: (event, facts) => logger.debug(plain(facts), event),
    info: (event, facts) => logger.info(plain(facts), event),
    warn: (event, facts) => logger.warn(withStack(facts), event),
    error: (event, facts) => logger.error(withStack(facts), event),
    child: (facts) => wrap(logger.child(plain(facts))),
  }
}

function plain(facts: LogFacts = {}): Record<string, unknown> {
  const { error, ...rest } = facts
  if (error === undefined) return rest
  const code = errorCode(error)
  return { ...rest, ...(code === undefined ? {} : { code }), error: errorText(error) }
}

/** The text of a fault says what, and seldom where. */
function withStack(facts: LogFacts = {}): Record<string, unknown> {
  const stack = faultStack(facts.error)
  return stack === undefined ? plain(facts) : { ...plain(facts), stack }
}
