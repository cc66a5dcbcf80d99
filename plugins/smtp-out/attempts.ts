import { type BatchItem, notWithoutOthers, type Outcome, ofDomain } from 'mailwright'
import type { Envelope } from 'mailwright/smtp-client'
import { HostFailure, type Undelivered, unreachable } from './outcome.ts'
import { NotItsTurn, type Pace } from './pace/pace.ts'
import type { Destination } from './routing/destination.ts'
import type { Identities } from './routing/identities.ts'
import type { MailHost } from './routing/mail-hosts.ts'
import { forCertificate, type OwnCertificate } from './security/own-certificate.ts'
import type { SecurityPolicies } from './security/policies.ts'
import { type ConnectionPool, StaleSession } from './session/connection-pool.ts'
import { encryptionNeeded, forNow } from './session/refusal.ts'
import type { Visit } from './session/silent-hosts.ts'
import type { SmtpSession } from './session/smtp-session.ts'
import type { Target } from './session/target.ts'
import { type Transacted, transact } from './transaction/transaction.ts'

export interface AttemptSettings {
  readonly policies: SecurityPolicies
  readonly identities: Identities
  readonly pace: Pace
  readonly pool: ConnectionPool
  /** IP addresses, and sessions, that are tried for one message. */
  readonly maxAddresses: number
  readonly maxSessions: number
  readonly maxRecipients: number
  readonly nextHostForRecipients: boolean
  readonly chunking: boolean
  readonly clientCertificates: ReadonlyMap<string, OwnCertificate>
}

/** How one envelope is to be delivered, and what has come of its items so far. */
export interface Errand {
  readonly atomic: boolean
  /** Nobody tries again. */
  readonly isLast: boolean
  readonly signal: AbortSignal
  readonly outcomes: Map<BatchItem, Outcome>
}

/** What is to be said of those whose fate is not decided. */
export interface Leftover {
  readonly outcome: Undelivered
  /** It is not its turn: nobody else is to be asked meanwhile. */
  readonly waits: boolean
}

/** One address of a host. */
interface Way {
  readonly target: Target
  readonly address: string
  /** Addresses of the host that have had their turn. */
  readonly avoided: Set<string>
}

/** What has been done with one address. */
interface Turn {
  /** That of the last session: one that was kept may have another one of the same host. */
  address: string
  isGreeted: boolean
  /** Whom the host has answered, in whichever session. */
  readonly asked: Set<BatchItem>
}

/** Of a message that no host was asked for. */
export const nobody: Undelivered = unreachable(
  'unreachable',
  '4.4.1',
  'No host of the destination could be tried',
)

/** An errand, with what hosts said to single recipients whom another one may take. */
export interface AttemptedErrand extends Errand {
  readonly deferred: Map<BatchItem, Outcome>
  /** Why hosts did not have it, each time. */
  readonly passedOver: Set<Undelivered>
}

/**
 * Asks hosts of one destination, one after the other, until one has taken or refused a message. Those that have not answered of late come
 * last.
 */
export class Attempts {
  readonly #settings: AttemptSettings
  readonly #destination: Destination
  readonly #envelope: Envelope
  readonly #errand: AttemptedErrand
  #addresses = 0
  #sessions = 0
  /** Of those for whom nothing else is known. */
  #last: Undelivered | undefined
  #waits = false

  constructor(
    settings: AttemptSettings,
    destination: Destination,
    envelope: Envelope,
    errand: AttemptedErrand,
  ) {
    this.#settings = settings
    this.#destination = destination
    this.#envelope = envelope
    this.#errand = errand
  }

  async run(hosts: readonly MailHost[]): Promise<Leftover> {
    const silent: Way[] = []
    for (const host of hosts) {
      const target = await this.#target(host)
      if (target === undefined) continue
      const avoided = new Set<string>()
      for (const address of host.addresses) {
        const way = { target, address, avoided }
        if (this.#settings.pool.isSilent(target, address)) silent.push(way)
        else if (await this.#isOver(way)) return this.#end()
      }
    }
    for (const way of silent) if (await this.#isOver(way)) break
    return this.#end()
  }

  async #isOver({ target, address, avoided }: Way): Promise<boolean> {
    if (avoided.has(address)) return false
    return !this.#mayTry || (await this.#try(target, address, avoided))
  }

  #end(): Leftover {
    return { outcome: this.#last ?? nobody, waits: this.#waits }
  }

  #say(outcome: Undelivered): void {
    this.#errand.passedOver.add(outcome)
    this.#last = this.#last === undefined ? outcome : graver(this.#last, outcome)
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
    const { policies, identities, clientCertificates } = this.#settings
    const { relay } = this.#destination
    const domain = this.#destination.host
    const requirement = await policies.requirementFor(this.#destination, candidate, this.#envelope)
    if ('outcome' in requirement) {
      this.#say(requirement.outcome)
      return undefined
    }
    const certificate = relay?.certificate ?? ofDomain(clientCertificates, domain)
    return {
      domain,
      candidate,
      requirement: certificate === undefined ? requirement : forCertificate(requirement),
      implicitTls: relay?.implicitTls ?? false,
      login: relay?.login,
      certificate,
      identity: identities.of(this.#envelope.reversePath),
    }
  }

  /** Whether it is over: somebody has taken or refused the message. */
  async #try(target: Target, address: string, avoided: Set<string>): Promise<boolean> {
    this.#addresses += 1
    const { pace, pool } = this.#settings
    const { signal, isLast } = this.#errand
    const { reversePath } = this.#envelope
    const request = { address, avoided, signal, reversePath, isLast }
    const turn: Turn = { address, isGreeted: false, asked: new Set() }
    let visit: Visit | undefined
    try {
      // Whoever waits for what others find out has no turn meanwhile.
      visit = await pool.approach(target, request)
      return await pace.run(target, signal, (getsOn) =>
        pool.use(target, request, (session) => this.#inSession(session, turn, getsOn), visit),
      )
    } catch (error) {
      if (error instanceof NotItsTurn) {
        // A host that was tried before has said more.
        this.#last ??= error.outcome
        this.#waits = true
        return true
      }
      if (!(error instanceof HostFailure)) throw error
      this.#say(error.isOurs ? error.outcome : this.#fateOf(error.outcome))
      return false
    } finally {
      visit?.end()
      avoided.add(turn.address)
      if (turn.isGreeted) this.#sessions += 1
    }
  }

  /** TLS may come about another time; but a message that is not to go on without it does not wait for that. */
  #fateOf(outcome: Undelivered): Undelivered {
    if (outcome.cause !== 'tls') return outcome
    return this.#envelope.parameters.requireTls === true ? encryptionNeeded(outcome) : forNow(outcome)
  }

  /** As many transactions as it needs. */
  async #inSession(session: SmtpSession, turn: Turn, getsOn: () => void): Promise<boolean> {
    turn.isGreeted = true
    turn.address = session.address
    const { atomic } = this.#errand
    const { chunking } = this.#settings
    const limits = [this.#settings.maxRecipients, session.limit('RCPTMAX')].filter(
      (limit) => limit !== undefined,
    )
    const { asked } = turn
    for (let count = 0; ; count++) {
      const left = this.#left.filter((item) => !asked.has(item))
      if (left.length === 0) return this.#left.length === 0
      // Some hosts take one message by each connection, and some say how many (RFC 9422 §4).
      const isSpent = session.transactions >= (session.limit('MAILMAX') ?? Number.POSITIVE_INFINITY)
      if (count > 0 && (isSpent || !(await session.isReady()))) throw new StaleSession()
      const items = left.slice(0, Math.min(...limits))
      const found = await transact(session, { ...this.#envelope, items }, { atomic, chunking })
      if (isAnswered(found)) getsOn()
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
      (isFinal ? this.#errand.outcomes : this.#errand.deferred).set(item, outcome)
  }
}

/** A host has taken or refused something, other than for now everything. */
function isAnswered({ refused, outcomes, deferrals }: Transacted): boolean {
  const said = [...(refused === undefined ? [] : [refused]), ...outcomes.values(), ...deferrals.values()]
  return said.some(
    (outcome) =>
      outcome.kind === 'delivered' || (outcome.concerns !== 'destination' && outcome.cause !== 'unreachable'),
  )
}

/**
 * Of two hosts' answers: one that may take it later outweighs one that never will, one that was asked a host that others are asking, and the
 * last one counts.
 */
export function graver(before: Undelivered, after: Undelivered): Undelivered {
  const isLess = after.kind === 'failed' || after.untried === true
  return before.kind === 'deferred' && isLess ? before : after
}
