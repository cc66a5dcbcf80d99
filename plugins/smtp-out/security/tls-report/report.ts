import type { TlsSessionsRow } from './tables.ts'

/** Who reports. */
export interface Reporter {
  /** RFC 8460 §4.1: who sends the mail. */
  readonly organization: string
  /** A mail address, for questions. */
  readonly contact: string
}

/** A report as RFC 8460 §4.4 has it. */
export interface TlsReport {
  readonly 'organization-name': string
  readonly 'date-range': { readonly 'start-datetime': string; readonly 'end-datetime': string }
  readonly 'contact-info': string
  readonly 'report-id': string
  readonly policies: readonly ReportedPolicy[]
}

export interface ReportedPolicy {
  readonly policy: {
    readonly 'policy-type': string
    readonly 'policy-string'?: readonly string[]
    readonly 'policy-domain': string
    readonly 'mx-host'?: readonly string[]
  }
  readonly summary: {
    readonly 'total-successful-session-count': number
    readonly 'total-failure-session-count': number
  }
  readonly 'failure-details'?: readonly FailureDetails[]
}

export interface FailureDetails {
  readonly 'result-type': string
  readonly 'receiving-mx-hostname': string
  readonly 'failed-session-count': number
  /** In words; `additional-information` would be a URI. */
  readonly 'failure-reason-code'?: string
}

/** The report of a domain on a day (`2026-01-31`), from its rows. */
export function tlsReportOf(
  day: string,
  domain: string,
  rows: readonly TlsSessionsRow[],
  { organization, contact }: Reporter,
): TlsReport {
  const policies = Map.groupBy(rows, (row) =>
    JSON.stringify([row.policy_type, row.policy_string, row.mx_hosts]),
  )
  return {
    'organization-name': organization,
    'date-range': { 'start-datetime': `${day}T00:00:00Z`, 'end-datetime': `${day}T23:59:59Z` },
    'contact-info': contact,
    'report-id': `${day}T00:00:00Z_${domain}`,
    policies: [...policies.values()].map(reportedPolicy),
  }
}

function reportedPolicy(rows: readonly TlsSessionsRow[]): ReportedPolicy {
  const [first] = rows
  const failed = rows.filter(({ result }) => result !== '')
  const [strings, hosts] = [first?.policy_string, first?.mx_hosts].map((text) =>
    (text ?? '').split('\n').filter(Boolean),
  )
  return {
    policy: {
      'policy-type': first?.policy_type ?? '',
      ...(strings === undefined || strings.length === 0 ? {} : { 'policy-string': strings }),
      'policy-domain': first?.domain ?? '',
      ...(hosts === undefined || hosts.length === 0 ? {} : { 'mx-host': hosts }),
    },
    summary: {
      'total-successful-session-count': sum(rows.filter(({ result }) => result === '')),
      'total-failure-session-count': sum(failed),
    },
    ...(failed.length === 0 ? {} : { 'failure-details': failed.map(failureDetails) }),
  }
}

function failureDetails(row: TlsSessionsRow): FailureDetails {
  return {
    'result-type': row.result,
    'receiving-mx-hostname': row.receiving_mx,
    'failed-session-count': Number(row.sessions),
    ...(row.detail === '' ? {} : { 'failure-reason-code': row.detail }),
  }
}

function sum(rows: readonly TlsSessionsRow[]): number {
  return rows.reduce((total, { sessions }) => total + Number(sessions), 0)
}
