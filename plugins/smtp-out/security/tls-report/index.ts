// TLS reports (RFC 8460): how securely mail went out, counted by day and domain.
import type { SecurityObserver } from '../requirement.ts'
import { SessionCounts, type SessionCountsOptions } from './session-counts.ts'

export { tlsReportCommand } from './command.ts'
export { dailyReports, reporting } from './reporting.ts'
export { tlsReportMigration } from './tables.ts'

/** Counts sessions for reports. */
export interface TlsReports {
  /** Counts one session. What is counted is written some seconds later: a crash loses those. */
  readonly observe: SecurityObserver
  /** Writes the rest. */
  stop(): Promise<void>
}

/** Starts counting. Any number of processes may count into one table. */
export function tlsReport(options: SessionCountsOptions): TlsReports {
  const counts = new SessionCounts(options)
  return { observe: (session) => counts.count(session), stop: () => counts.stop() }
}
