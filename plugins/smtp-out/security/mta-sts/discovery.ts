import { type Clock, errorText, type Log, type Resolver } from 'mailwright'
import type { SecurityFailure } from '../requirement.ts'
import { type StsFetch, StsFetchError } from './fetch.ts'
import type { KeptPolicies, KeptPolicy } from './kept-policies.ts'
import { parseStsPolicy, type StsPolicy, stsPolicyId } from './policy-text.ts'

/** What is known of a domain: a policy that holds, or why the one that it announces cannot be had. */
export interface Discovery {
  readonly policy?: StsPolicy
  readonly failure?: SecurityFailure
}

export interface DiscoveryOptions {
  readonly resolver: Resolver
  readonly kept: KeptPolicies
  readonly fetch: StsFetch
  readonly clock: Clock
  readonly log: Log
}

// RFC 8461 §3.3: five minutes at the least.
const tryAgainAfter = 300_000
// RFC 8461 §3.3: also an unchanged policy is fetched again from time to time, long before it expires.
const refreshAfter = 86_400_000
const mostFailures = 10_000

interface FailedFetch {
  readonly id: string
  /** Of the monotonic clock. */
  readonly at: number
  readonly failure: SecurityFailure
}

/** Finds policies, fetches each once for all who want it at the same time, and not again and again where that fails. */
export class Discoveries {
  readonly #options: DiscoveryOptions
  readonly #fetching = new Map<string, Promise<KeptPolicy | SecurityFailure>>()
  readonly #failed = new Map<string, FailedFetch>()

  constructor(options: DiscoveryOptions) {
    this.#options = options
  }

  /** MAIL_E_UNAVAILABLE where it is not known whether a policy holds. */
  async of(domain: string): Promise<Discovery> {
    const { resolver, kept: policies } = this.#options
    const kept = await policies.get(domain)
    const answer = await resolver.txt(`_mta-sts.${domain}`)
    const id = answer.kind === 'found' ? stsPolicyId(answer.records) : undefined
    // RFC 8461 §3.1: what was promised for a time is not taken back by a record that has gone, or been kept from us.
    if (id === undefined) return kept === undefined ? {} : { policy: kept.policy }
    if (kept !== undefined && kept.id === id) {
      if (this.#isDue(kept)) void this.#fetch(domain, id)
      return { policy: kept.policy }
    }
    const fetched = await this.#fetch(domain, id)
    if ('policy' in fetched) return { policy: fetched.policy }
    return kept === undefined ? { failure: fetched } : { policy: kept.policy }
  }

  #isDue({ fetchedAt, policy }: KeptPolicy): boolean {
    return this.#options.clock.now() - fetchedAt >= Math.min(refreshAfter, policy.maxAge * 500)
  }

  #fetch(domain: string, id: string): Promise<KeptPolicy | SecurityFailure> {
    const failed = this.#failed.get(domain)
    const { clock } = this.#options
    if (failed !== undefined && failed.id === id && clock.monotonic() - failed.at < tryAgainAfter)
      return Promise.resolve(failed.failure)
    const running = this.#fetching.get(domain)
    if (running !== undefined) return running
    const fetching = this.#fetchNow(domain, id).finally(() => this.#fetching.delete(domain))
    this.#fetching.set(domain, fetching)
    return fetching
  }

  /** Never rejects. */
  async #fetchNow(domain: string, id: string): Promise<KeptPolicy | SecurityFailure> {
    const { fetch, kept, log } = this.#options
    try {
      const policy = parseStsPolicy(await fetch(domain))
      if (typeof policy === 'string') throw new StsFetchError('sts-policy-invalid', policy)
      this.#failed.delete(domain)
      return await kept.put(domain, id, policy).catch((error) => {
        log.warn('unavailable', { service: 'mta-sts', domain, error })
        return kept.recent(domain) ?? { result: 'sts-policy-fetch-error', detail: errorText(error) }
      })
    } catch (error) {
      log.info('unavailable', { service: 'mta-sts', domain, error })
      const result = error instanceof StsFetchError ? error.result : 'sts-policy-fetch-error'
      return this.#noteFailure(domain, id, { result, detail: errorText(error) })
    }
  }

  #noteFailure(domain: string, id: string, failure: SecurityFailure): SecurityFailure {
    this.#failed.delete(domain)
    this.#failed.set(domain, { id, at: this.#options.clock.monotonic(), failure })
    const [oldest] = this.#failed.size > mostFailures ? this.#failed.keys() : []
    if (oldest !== undefined) this.#failed.delete(oldest)
    return failure
  }
}
