import { createHash } from 'node:crypto'
import type { TlsaRecord } from 'mailwright'
import type { StsPolicy } from '../mta-sts/index.ts'
import type { SecuritySession } from '../requirement.ts'
import type { TlsSessionsRow } from './tables.ts'

const longestName = 255
const longestDetail = 250
// Many records or hosts of one domain say no more than some of them.
const mostLines = 64
const longestLine = 2_000

/** What a session counts as. */
export type CountedSession = Omit<TlsSessionsRow, 'sessions'>

/** What of a session gets into a report. `sts`: the MTA-STS policy of its domain, where there is one. `now`: milliseconds since 1970. */
export function countedSession(
  session: SecuritySession,
  sts: StsPolicy | undefined,
  now: number,
): CountedSession {
  const { domain, candidate, failure } = session
  const counted = {
    day: utcDay(now),
    domain: domain.slice(0, longestName),
    ...policyOf(session, sts),
    result: failure?.result ?? '',
    receiving_mx: failure === undefined ? '' : candidate.host.slice(0, longestName),
  }
  const id = createHash('sha256').update(JSON.stringify(counted)).digest('hex')
  return { id, ...counted, detail: (failure?.detail ?? '').slice(0, longestDetail) }
}

/** The day of a time: `2026-01-31` (RFC 8460 §4.1: days are UTC). */
export function utcDay(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10)
}

/** Which policy a session was held to, or would have been: DANE before MTA-STS, as in delivery. */
function policyOf(
  { candidate, requirement }: SecuritySession,
  sts: StsPolicy | undefined,
): Pick<TlsSessionsRow, 'policy_type' | 'policy_string' | 'mx_hosts'> {
  if (requirement.source === 'dane')
    return {
      policy_type: 'tlsa',
      policy_string: lines((requirement.tlsa ?? []).map(tlsaText).sort()),
      mx_hosts: candidate.host.slice(0, longestName),
    }
  if (sts !== undefined && sts.mode !== 'none')
    return { policy_type: 'sts', policy_string: lines(stsLines(sts)), mx_hosts: lines(sts.mx) }
  // A policy that could not be fetched is one, too (RFC 8460 §4.3.2.2).
  const isSts = requirement.source === 'mta-sts'
  return { policy_type: isSts ? 'sts' : 'no-policy-found', policy_string: '', mx_hosts: '' }
}

function lines(texts: readonly string[]): string {
  return texts
    .slice(0, mostLines)
    .map((text) => text.slice(0, longestLine))
    .join('\n')
}

/** As in a zone file: `3 1 1 0123…`. */
function tlsaText({ usage, selector, matchingType, data }: TlsaRecord): string {
  return `${usage} ${selector} ${matchingType} ${data.toString('hex').toUpperCase()}`
}

function stsLines({ mode, maxAge, mx }: StsPolicy): readonly string[] {
  return ['version: STSv1', `mode: ${mode}`, ...mx.map((host) => `mx: ${host}`), `max_age: ${maxAge}`]
}
