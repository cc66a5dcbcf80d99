import { type Clock, errorText, type Log, type Resolver } from 'mailwright'
import type { SecurityFailure } from '../requirement.ts'
import { type StsFetch, StsFetchError } from './fetch.ts'
import type { KeptPolicies, KeptPolicy } from './kept-policies.ts'
import { parseStsPolicy, type StsPolicy, stsPolicyId } from './policy-text.ts'

/** What is known of a domain: a policy that holds, and why the one that it announces cannot be had, where that is so. */
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
/** Milliseconds after which it is news again that a policy that holds cannot be fetched anew. */
const warnAgainAfter = 3_600_000

interface FailedFetch {
  readonly id: string
  /** Of the monotonic clock. */
  readonly at: number
  readonly failure: SecurityFailure
  /** Of the monotonic clock: when the postmaster was warned of it, or of one before. */
  readonly warnedAt: number | undefined
  /** Somebody was told of it with a policy that holds all the same. */
  isTold: boolean
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
      if (!this.#isDue(kept)) return { policy: kept.policy }
      void this.#fetch(domain, id)
      return { policy: kept.policy, ...this.#untold(domain, id) }
    }
    const fetched = await this.#fetch(domain, id)
    if ('policy' in fetched) return { policy: fetched.policy }
    return kept === undefined ? { failure: fetched } : { policy: kept.policy, ...this.#untold(domain, id) }
  }

  /** Each failure once: sessions go on by the policy that holds, and count for themselves. */
  #untold(domain: string, id: string): Pick<Discovery, 'failure'> {
    const failed = this.#failed.get(domain)
    if (failed === undefined || failed.id !== id || failed.isTold) return {}
    failed.isTold = true
    return { failure: failed.failure }
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
      const result = error instanceof StsFetchError ? error.result : 'sts-policy-fetch-error'
      const warnedAt = this.#logFailure(domain, error)
      return this.#noteFailure(domain, { id, failure: { result, detail: errorText(error) }, warnedAt })
    }
  }

  /** Answers when the postmaster was warned last: mail goes on by a policy that will not hold for ever. */
  #logFailure(domain: string, error: unknown): number | undefined {
    const { clock, kept, log } = this.#options
    const held = kept.recent(domain)
    const warnedAt = this.#failed.get(domain)?.warnedAt
    const now = clock.monotonic()
    const isNews = warnedAt === undefined || now - warnedAt >= warnAgainAfter
    if (held === undefined || held.policy.mode === 'none' || !isNews) {
      log.info('unavailable', { service: 'mta-sts', domain, error })
      return warnedAt
    }
    log.warn('unavailable', { service: 'mta-sts', domain, until: new Date(held.expiresAt), error })
    return now
  }

  #noteFailure(domain: string, failed: Omit<FailedFetch, 'at' | 'isTold'>): SecurityFailure {
    this.#failed.delete(domain)
    this.#failed.set(domain, { ...failed, at: this.#options.clock.monotonic(), isTold: false })
    const [oldest] = this.#failed.size > mostFailures ? this.#failed.keys() : []
    if (oldest !== undefined) this.#failed.delete(oldest)
    return failed.failure
  }
}
