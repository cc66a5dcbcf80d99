import { createLog, type Log, type LogEvent, type LogLevel } from '../log.ts'

/** One line of a log, with its facts. */
export interface CapturedLine {
  readonly level: LogLevel
  readonly event: LogEvent
  readonly [fact: string]: unknown
}

/** A log that keeps its lines for the test to look at. */
export interface CapturedLog extends Log {
  /** Oldest first, of every level. */
  readonly lines: readonly CapturedLine[]
}

/** Makes one. It goes through the real log, so that lines are what would be written. */
export function capturedLog(): CapturedLog {
  const lines: CapturedLine[] = []
  const log = createLog('debug', {
    write: (line: string) => void lines.push(JSON.parse(line) as CapturedLine),
  })
  return { ...log, lines }
}
