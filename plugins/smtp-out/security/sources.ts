import type { SecureContext } from 'node:tls'
import type { Clock, Database, Log, Resolver } from 'mailwright'
import { danePolicy } from './dane/index.ts'
import { httpsStsFetch, type MtaStsPolicy, mtaStsPolicy } from './mta-sts/index.ts'
import type { SecurityObserver, SecurityPolicy } from './requirement.ts'
import { tlsReport } from './tls-report/index.ts'

export interface SourceSettings {
  readonly dane: boolean
  readonly mtaSts: boolean
  readonly tlsReports: boolean
  readonly resolver: Resolver
  readonly clock: Clock
  readonly log: Log
  /** Policies and counts are kept there; without one policies are in memory, and nothing is counted. */
  readonly database: Database | undefined
  /** Of whom we trust, also where policies are fetched. */
  trusting(): SecureContext
}

/** What domains publish of the security of their hosts, and what is counted of it. */
export interface Sources {
  /** DANE before MTA-STS. */
  readonly published: readonly SecurityPolicy[]
  readonly observe: SecurityObserver
  /** Writes what has been counted. */
  stop(): Promise<void>
}

/** DANE and MTA-STS, as far as the options want them, and the counts of sessions for reports. */
export function securitySources(settings: SourceSettings): Sources {
  const { dane, mtaSts, tlsReports, resolver, clock, log, database } = settings
  let sts: MtaStsPolicy | undefined
  const stsPolicyOf = (domain: string) => sts?.policyOf(domain)
  const isCounted = tlsReports && database !== undefined
  const reports = isCounted ? tlsReport({ database, clock, log, stsPolicyOf }) : undefined
  const observe: SecurityObserver = (session) => reports?.observe(session)
  if (mtaSts) {
    const fetch = httpsStsFetch({ resolver, clock, trusting: () => settings.trusting() })
    sts = mtaStsPolicy({ resolver, clock, log, database, observe, fetch })
  }
  return {
    published: [...(dane ? [danePolicy({ resolver, observe })] : []), ...(sts === undefined ? [] : [sts])],
    observe,
    stop: async () => reports?.stop(),
  }
}
