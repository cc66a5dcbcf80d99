import { type BatchItem, notWithoutOthers, type Outcome, reply } from 'mailwright'
import { HostFailure, type Undelivered, unreachable } from './outcome.ts'
import type { Destination } from './routing/destination.ts'
import type { Identities } from './routing/identities.ts'
import type { MailHost, MailHosts } from './routing/mail-hosts.ts'
import type { SecurityPolicies } from './security/policies.ts'
import type { ConnectionPool } from './session/connection-pool.ts'
import type { SmtpSession } from './session/smtp-session.ts'
import type { Target } from './session/target.ts'
import type { Envelope } from './transaction/envelope.ts'
import { type Transacted, transact } from './transaction/transaction.ts'

export interface MessageDeliverySettings {
  readonly hosts: MailHosts
  readonly policies: SecurityPolicies
  readonly identities: Identities
  readonly pool: ConnectionPool
  /** IP addresses, and sessions, that are tried for one message. */
  readonly maxAddresses: number
  readonly maxSessions: number
  readonly maxRecipients: number
  readonly nextHostForRecipients: boolean
}

/** How one envelope is to be delivered, and what has come of its items so far. */
export interface Errand {
  readonly atomic: boolean
  readonly signal: AbortSignal
  readonly outcomes: Map<BatchItem, Outcome>
}

/** Gives one message to the hosts of its destination, one after the other, until one has taken or refused it. */
export class MessageDelivery {
  readonly #settings: MessageDeliverySettings

  constructor(settings: MessageDeliverySettings) {
    this.#settings = settings
  }

  /** Notes an outcome for each item. Rejects where the message cannot be read, or when the time is over. */
  async deliver(destination: Destination, envelope: Envelope, errand: Errand): Promise<void> {
    const found = await this.#settings.hosts.find(destination)
    const last = found.ok
      ? await new Attempts(this.#settings, destination, envelope, errand).run(found.hosts)
      : found.outcome
    for (const item of envelope.items) if (!errand.outcomes.has(item)) errand.outcomes.set(item, last)
  }
}

const nobody = unreachable('unreachable', '4.4.1', 'No host of the destination could be tried')

class Attempts {
  readonly #settings: MessageDeliverySettings
  readonly #destination: Destination
  readonly #envelope: Envelope
  readonly #errand: Errand
  #addresses = 0
  #sessions = 0
  /** Of those for whom nothing else is known. */
  #last: Undelivered | undefined
  /** What a host said to single recipients whom another one may take. */
  readonly #deferred = new Map<BatchItem, Outcome>()

  constructor(
    settings: MessageDeliverySettings,
    destination: Destination,
    envelope: Envelope,
    errand: Errand,
  ) {
    this.#settings = settings
    this.#destination = destination
    this.#envelope = envelope
    this.#errand = errand
  }

  /** Answers what is to be said of those whose fate is not decided. */
  async run(hosts: readonly MailHost[]): Promise<Undelivered> {
    for (const host of hosts) {
      const target = await this.#target(host)
      if (target === undefined) continue
      for (const address of host.addresses) {
        if (!this.#mayTry || (await this.#try(target, address))) return this.#end()
      }
    }
    return this.#end()
  }

  #end(): Undelivered {
    for (const [item, outcome] of this.#deferred)
      if (!this.#errand.outcomes.has(item)) this.#errand.outcomes.set(item, outcome)
    return this.#last ?? nobody
  }

  /** A host that may take it later outweighs one that never will. */
  #say(outcome: Undelivered): void {
    if (this.#last?.kind !== 'deferred' || outcome.kind === 'deferred') this.#last = outcome
  }

  get #mayTry(): boolean {
    const { maxAddresses, maxSessions } = this.#settings
    return this.#addresses < maxAddresses && this.#sessions < maxSessions && !this.#errand.signal.aborted
  }

  get #left(): readonly BatchItem[] {
    return this.#envelope.items.filter((item) => !this.#errand.outcomes.has(item))
  }

  /** Undefined: mail must not, or cannot now, go to that host. */
  async #target({ candidate }: MailHost): Promise<Target | undefined> {
    const { policies, identities } = this.#settings
    const { relay } = this.#destination
    const domain = this.#destination.host
    const requirement = await policies.requirementFor(this.#destination, candidate, this.#envelope)
    if ('outcome' in requirement) {
      this.#say(requirement.outcome)
      return undefined
    }
    return {
      domain,
      candidate,
      requirement,
      implicitTls: relay?.implicitTls ?? false,
      login: relay?.login,
      identity: identities.of(this.#envelope.reversePath),
    }
  }

  /** Whether it is over: somebody has taken or refused the message. */
  async #try(target: Target, address: string): Promise<boolean> {
    this.#addresses += 1
    const { pool } = this.#settings
    const { signal } = this.#errand
    try {
      return await pool.use(target, address, signal, (session) => this.#inSession(session))
    } catch (error) {
      if (!(error instanceof HostFailure)) throw error
      this.#say(this.#envelope.parameters.requireTls === true ? withRequireTls(error.outcome) : error.outcome)
      return false
    }
  }

  /** As many transactions as it needs. */
  async #inSession(session: SmtpSession): Promise<boolean> {
    this.#sessions += 1
    const { atomic } = this.#errand
    const limits = [this.#settings.maxRecipients, session.limit('RCPTMAX')].filter(
      (limit) => limit !== undefined,
    )
    const asked = new Set<BatchItem>()
    for (;;) {
      const left = this.#left.filter((item) => !asked.has(item))
      if (left.length === 0) return this.#left.length === 0
      if (asked.size > 0 && !(await session.isReady())) return false
      const items = left.slice(0, Math.min(...limits))
      const found = await transact(session, { ...this.#envelope, items }, atomic)
      if (found.refused !== undefined) {
        this.#say(found.refused)
        return false
      }
      for (const item of items) if (!found.again.includes(item)) asked.add(item)
      this.#note(found)
      if (atomic && [...found.outcomes.values()].some(({ kind }) => kind !== 'delivered')) return this.#stop()
    }
  }

  /** All or none, as far as that can be had: what was delivered before cannot be undone. */
  #stop(): true {
    for (const item of this.#left) this.#errand.outcomes.set(item, notWithoutOthers)
    return true
  }

  #note({ outcomes, deferrals }: Transacted): void {
    const isFinal = !this.#settings.nextHostForRecipients || this.#errand.atomic
    for (const [item, outcome] of outcomes) this.#errand.outcomes.set(item, outcome)
    for (const [item, outcome] of deferrals)
      (isFinal ? this.#errand.outcomes : this.#deferred).set(item, outcome)
  }
}

// RFC 8689 §4.2.1: where no host can have it, the sender is told. §7: 5.7.30 is "REQUIRETLS support required".
function withRequireTls(outcome: Undelivered): Undelivered {
  if (outcome.cause !== 'tls') return outcome
  return { ...outcome, kind: 'failed', reply: reply(550, '5.7.30', outcome.reply.lines) }
}
