import { type DnsAnswer, type Resolver, type TlsaRecord, UnavailableError } from 'mailwright'
import type { Candidate, SecurityObserver, SecurityPolicy, TlsRequirement } from '../requirement.ts'
import { usableRecords } from './records.ts'

export interface DanePolicyOptions {
  /** Its `secure` is what all of this stands on. */
  readonly resolver: Resolver
  /** Is told where TLSA records cannot be had. */
  readonly observe?: SecurityObserver
}

/**
 * DANE for SMTP (RFC 7672): what the TLSA records of a host demand. Only of hosts that were found by secure answers, whose own addresses,
 * or the alias that they are, are secure. Rejects with MAIL_E_UNAVAILABLE where an answer is not to be had: the host is not to be used
 * then, since somebody may be keeping the answer from us (§2.1.2).
 */
export function danePolicy({ resolver, observe }: DanePolicyOptions): SecurityPolicy {
  return {
    async requirementFor(domain, candidate) {
      if (!candidate.secure) return undefined
      for (const base of await baseDomains(resolver, candidate.host)) {
        const name = `_${candidate.port}._tcp.${base}`
        const answer = await resolver.tlsa(name)
        if (answer.kind === 'failed') {
          const detail = `DNS does not answer for the TLSA records at ${name}: ${answer.text}`
          const requirement = { level: 'dane', names: [base], source: 'dane' } as const
          observe?.({ domain, candidate, requirement, failure: { result: 'dnssec-invalid', detail } })
          throw new UnavailableError(detail)
        }
        if (answer.kind === 'found' && answer.secure)
          return requirementOf(answer.records, base, domain, candidate)
      }
      return undefined
    },
  }
}

/** The names below which TLSA records may be, the best first (RFC 7672 §2.2.2): where an alias leads to, and the alias. */
async function baseDomains(resolver: Resolver, host: string): Promise<readonly string[]> {
  const answers = await Promise.all([resolver.addresses(host, 4), resolver.addresses(host, 6)])
  const found = answers.filter((answer) => answer.kind === 'found')
  if (found.length === 0) {
    for (const answer of answers) refuseFailure(answer, `the addresses of ${host}`)
    return []
  }
  const canonical = found.find(({ canonicalName }) => canonicalName !== undefined)?.canonicalName
  if (found.every(({ secure }) => secure)) return canonical === undefined ? [host] : [canonical, host]
  if (canonical === undefined) return []
  const alias = await resolver.cname(host)
  refuseFailure(alias, `the alias ${host}`)
  return alias.kind === 'found' && alias.secure ? [host] : []
}

function requirementOf(
  records: readonly TlsaRecord[],
  base: string,
  domain: string,
  { host }: Candidate,
): TlsRequirement {
  // RFC 7672 §3.2.2: the base domain, which is also what SNI has (§8.1), and the domain that the mail is for.
  const names = [...new Set([base, host, domain])]
  const tlsa = usableRecords(records)
  // RFC 7672 §2.2: with none that is usable TLS is a must all the same, whatever the certificate.
  return tlsa.length === 0
    ? { level: 'encrypt', names, tlsa: records, source: 'dane' }
    : { level: 'dane', names, tlsa, source: 'dane' }
}

function refuseFailure(answer: DnsAnswer<unknown>, what: string): void {
  if (answer.kind === 'failed') throw new UnavailableError(`DNS does not answer for ${what}: ${answer.text}`)
}
