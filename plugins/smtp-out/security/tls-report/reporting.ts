import {
  type Clock,
  ConfigError,
  type Database,
  type Flow,
  type Log,
  parseAddress,
  type Resolver,
} from 'mailwright'
import { DailyReports } from './daily-reports.ts'
import type { Reporter } from './report.ts'
import { httpsPosting, type ReportPosting } from './report-posting.ts'
import { ReportSending } from './report-sending.ts'

export type { DailyReports } from './daily-reports.ts'

export interface ReportingOptions {
  readonly resolver: Resolver
  readonly clock: Clock
  readonly flow: Flow
  /** Our name: who reports, and whose postmaster answers questions, where nothing else is said. */
  readonly hostname: string
  readonly organization: string | undefined
  readonly contact: string | undefined
  /** Path of a PEM file of further authorities. */
  readonly authorities: string | undefined
}

/** What sends reports. */
export interface Reporting extends Reporter {
  readonly resolver: Resolver
  readonly clock: Clock
  readonly flow: Flow
  readonly post: ReportPosting
}

/** The same for all who send reports: the command, and the server once a day. */
export function reporting({
  resolver,
  clock,
  flow,
  hostname,
  organization = hostname,
  contact = `postmaster@${hostname}`,
  authorities,
}: ReportingOptions): Reporting {
  return {
    resolver,
    clock,
    flow,
    organization,
    contact,
    post: httpsPosting({ resolver, clock, authorities }),
  }
}

/** ConfigError where there is no database with counts, or nobody to send from. */
export function dailyReports(
  options: ReportingOptions & { readonly database: Database | undefined; readonly log: Log },
): DailyReports {
  const { database, log } = options
  const { flow, contact, post, ...rest } = reporting(options)
  const from = parseAddress(contact)
  if (database === undefined)
    throw new ConfigError('sendTlsReports', 'needs a plugin that provides a database')
  if (from === undefined)
    throw new ConfigError(
      'contact',
      `must be there: ${JSON.stringify(contact)} is no address to send reports from`,
    )
  const sending = new ReportSending({ database, flow, clock: rest.clock, from, post })
  return new DailyReports({ ...rest, contact, database, log, sending, random: Math.random })
}
