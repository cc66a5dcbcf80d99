import { isIP } from 'node:net'
import type { Database, Resolver } from 'mailwright'
import { type Reporter, type TlsReport, tlsReportOf } from './report.ts'
import { reportAddresses } from './report-addresses.ts'
import type { TlsSessionsRow } from './tables.ts'

/** The report about one domain. */
export interface DomainReport {
  readonly domain: string
  /** Where it wants reports; null where DNS does not answer. */
  readonly rua: readonly string[] | null
  readonly report: TlsReport
}

export interface DomainReportsOptions extends Reporter {
  readonly database: Database
  readonly resolver: Resolver
}

const mostRows = 100_000
const questionsAtOnce = 20

/** The reports about a day (`2026-01-31`): of one domain, or of all that mail went to. */
export async function domainReports(
  { database, resolver, ...reporter }: DomainReportsOptions,
  day: string,
  domain: string | undefined,
): Promise<readonly DomainReport[]> {
  const rows = await database.query((knex) => {
    const ofDay = knex<TlsSessionsRow>('smtp_out_tls_sessions').where({ day }).where('sessions', '>', 0)
    return (domain === undefined ? ofDay : ofDay.where({ domain })).orderBy(['domain', 'id']).limit(mostRows)
  })
  const domains = [...Map.groupBy(rows as readonly TlsSessionsRow[], (row) => row.domain)]
  const reports: DomainReport[] = []
  for (let index = 0; index < domains.length; index += questionsAtOnce) {
    const some = domains.slice(index, index + questionsAtOnce).map(async ([name, own]) => ({
      domain: name,
      rua: await wantedAt(name, resolver),
      report: tlsReportOf(day, name, own, reporter),
    }))
    reports.push(...(await Promise.all(some)))
  }
  return reports
}

/** A relay host may be an address: that is nobody's domain, and no policy is published for it. */
async function wantedAt(domain: string, resolver: Resolver): Promise<readonly string[] | null> {
  if (isIP(domain.replace(/^\[(?:IPv6:)?|\]$/gi, '')) !== 0) return []
  return reportAddresses(await resolver.txt(`_smtp._tls.${domain}`)) ?? null
}
