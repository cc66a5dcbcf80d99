import type { Clock, Database } from 'mailwright'
import type { StsPolicy } from './policy-text.ts'
import type { StsPolicyRow } from './tables.ts'

/** A policy with its times, milliseconds since 1970. */
export interface KeptPolicy {
  readonly id: string
  readonly policy: StsPolicy
  readonly fetchedAt: number
  readonly expiresAt: number
}

const mostInMemory = 10_000
// What another process has learnt is seen after that.
const readAgainAfter = 60_000
// A policy that says "0" is not fetched for each message.
const shortestAge = 300_000

interface Remembered {
  readonly kept: KeptPolicy | undefined
  /** Of the monotonic clock: when it was read or written. */
  readonly at: number
}

/** Keeps policies for as long as they say: in a table where there is one, so that a restart forgets none, and in memory. */
export class KeptPolicies {
  readonly #database: Database | undefined
  readonly #clock: Clock
  readonly #memory = new Map<string, Remembered>()

  constructor(database: Database | undefined, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** The policy that is in memory, also where it is a while old. */
  recent(domain: string): KeptPolicy | undefined {
    return this.#current(this.#memory.get(domain)?.kept)
  }

  /** The policy that holds. MAIL_E_UNAVAILABLE where the database does not say whether there is one. */
  async get(domain: string): Promise<KeptPolicy | undefined> {
    const known = this.#memory.get(domain)
    const database = this.#database
    const isFresh = known !== undefined && this.#clock.monotonic() - known.at < readAgainAfter
    if (database === undefined || isFresh) return this.recent(domain)
    try {
      const row = await database.query((knex) =>
        knex<StsPolicyRow>('smtp_out_sts_policies').where({ domain }).first(),
      )
      this.#remember(domain, row === undefined ? undefined : fromRow(row))
    } catch (error) {
      if (this.recent(domain) === undefined) throw error
    }
    return this.recent(domain)
  }

  /** Notes a policy that was fetched now. MAIL_E_UNAVAILABLE where it is in memory only. */
  async put(domain: string, id: string, policy: StsPolicy): Promise<KeptPolicy> {
    const fetchedAt = this.#clock.now()
    const expiresAt = fetchedAt + Math.max(policy.maxAge * 1000, shortestAge)
    const kept = { id, policy, fetchedAt, expiresAt }
    this.#remember(domain, kept)
    await this.#database?.query(async (knex) => {
      const rows = () => knex<StsPolicyRow>('smtp_out_sts_policies')
      await rows().insert(toRow(domain, kept)).onConflict('domain').merge()
      await rows().where('expires_at', '<=', fetchedAt).delete()
    })
    return kept
  }

  #current(kept: KeptPolicy | undefined): KeptPolicy | undefined {
    return kept !== undefined && this.#clock.now() < kept.expiresAt ? kept : undefined
  }

  #remember(domain: string, kept: KeptPolicy | undefined): void {
    this.#memory.delete(domain)
    this.#memory.set(domain, { kept, at: this.#clock.monotonic() })
    const [oldest] = this.#memory.size > mostInMemory ? this.#memory.keys() : []
    if (oldest !== undefined) this.#memory.delete(oldest)
  }
}

function toRow(domain: string, { id, policy, fetchedAt, expiresAt }: KeptPolicy): StsPolicyRow {
  const { mode, maxAge, mx } = policy
  const times = { fetched_at: fetchedAt, expires_at: expiresAt }
  return { domain, policy_id: id, mode, max_age: maxAge, mx: mx.join('\n'), ...times }
}

function fromRow(row: StsPolicyRow): KeptPolicy {
  // Whoever wrote it had read it by the same rules.
  const mode = row.mode as StsPolicy['mode']
  return {
    id: row.policy_id,
    policy: { mode, maxAge: row.max_age, mx: row.mx.split('\n').filter((host) => host !== '') },
    fetchedAt: Number(row.fetched_at),
    expiresAt: Number(row.expires_at),
  }
}
