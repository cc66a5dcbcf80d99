import type { Clock, Database, Log, Resolver } from 'mailwright'
import type { SecurityObserver, SecurityPolicy, TlsRequirement } from '../requirement.ts'
import { Discoveries } from './discovery.ts'
import type { StsFetch } from './fetch.ts'
import { KeptPolicies } from './kept-policies.ts'
import { listsHost, type StsPolicy } from './policy-text.ts'

export interface MtaStsPolicyOptions {
  readonly resolver: Resolver
  readonly clock: Clock
  readonly log: Log
  /** Policies are kept there, with {@link stsMigration}; in memory only where undefined. */
  readonly database?: Database | undefined
  readonly fetch: StsFetch
  /** Is told of policies that cannot be had, and of hosts that a policy does not list. */
  readonly observe?: SecurityObserver
}

/** MTA-STS, and what it knows. */
export interface MtaStsPolicy extends SecurityPolicy {
  /** The policy of a domain as this process knows it; asks nobody. For reports. */
  policyOf(domain: string): StsPolicy | undefined
}

/**
 * MTA-STS (RFC 8461): what the policy of the domain demands of its MX hosts. `enforce`: a certificate for the host's name by an authority
 * that everybody knows; hosts that are not listed are refused. `testing`: nothing is demanded (`may`), but what would have failed is to be
 * told to the observer. Rejects with MAIL_E_UNAVAILABLE where the database does not say whether a policy holds. Whoever asks lets DANE
 * win where it has an opinion of the host (§2).
 */
export function mtaStsPolicy(options: MtaStsPolicyOptions): MtaStsPolicy {
  const { resolver, clock, log, database, observe, fetch } = options
  const kept = new KeptPolicies(database, clock)
  const discoveries = new Discoveries({ resolver, kept, fetch, clock, log })
  return {
    policyOf: (domain) => kept.recent(domain)?.policy,
    async requirementFor(domain, candidate) {
      // RFC 8461 §3.1: a policy is a domain's; address literals have none.
      if (domain.startsWith('[')) return undefined
      const { policy, failure } = await discoveries.of(domain)
      const requirement = demand(policy, candidate.host)
      if (failure !== undefined) observe?.({ domain, candidate, requirement, failure })
      if (policy === undefined || policy.mode === 'none') return undefined
      if (listsHost(policy, candidate.host)) return requirement
      const detail = `${candidate.host} is not a host of the MTA-STS policy of ${domain}`
      observe?.({ domain, candidate, requirement, failure: { result: 'validation-failure', detail } })
      return policy.mode === 'enforce' ? 'refused' : undefined
    },
  }
}

function demand(policy: StsPolicy | undefined, host: string): TlsRequirement {
  return { level: policy?.mode === 'enforce' ? 'verify' : 'may', names: [host], source: 'mta-sts' }
}
