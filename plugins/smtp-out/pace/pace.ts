import { type Clock, type Deferred, patternsOfDomain, reply, replyText } from 'mailwright'
import type { Target } from '../session/target.ts'
import { Gate, NotYet, type Work } from './gate.ts'
import type { Limit } from './limit-option.ts'
import type { MessageTurns } from './message-turns.ts'

export interface PaceSettings {
  readonly clock: Clock
  /** The first that fits counts. */
  readonly limits: readonly Limit[]
  readonly turns: MessageTurns
  /** Milliseconds that a connection is kept for the next message. */
  readonly idleTime: number
}

/** Nothing was tried: the host has had enough from us for now, as the postmaster sees it. */
export class NotItsTurn extends Error {
  readonly outcome: Deferred

  constructor(outcome: Deferred, options: ErrorOptions = {}) {
    super(outcome.reply.lines.join(' '), options)
    this.name = 'NotItsTurn'
    this.outcome = outcome
  }
}

const tidyFrom = 1_000

/** Holds back what hosts are not to get faster, of all mail that this process sends. */
export class Pace {
  readonly #settings: PaceSettings
  readonly #gates = new Map<string, Gate>()
  #tidyAt = tidyFrom

  constructor(settings: PaceSettings) {
    this.#settings = settings
  }

  /** Does the work with a host when it is its turn. Rejects with {@link NotItsTurn} where that takes too long. */
  async run<T>(target: Target, signal: AbortSignal, work: Work<T>): Promise<T> {
    const limit = this.#settings.limits.find((each) => fits(each, target))
    if (limit === undefined || (limit.connections === undefined && limit.rate === undefined))
      return work(() => undefined)
    try {
      return await this.#gate(limit, target).run(target, signal, work)
    } catch (error) {
      if (error instanceof NotYet) throw new NotItsTurn(deferred(target, limit, error), { cause: error })
      throw error
    }
  }

  #gate(limit: Limit, target: Target): Gate {
    const { clock, turns, idleTime } = this.#settings
    const key = JSON.stringify([limit.name, ownName(limit, target) ?? null])
    const known = this.#gates.get(key)
    if (known !== undefined) return known
    if (this.#gates.size > this.#tidyAt) this.#tidy()
    const gate = new Gate({ clock, limit, key, turns, idleTime })
    this.#gates.set(key, gate)
    return gate
  }

  #tidy(): void {
    for (const [key, gate] of this.#gates) if (gate.isEmpty) this.#gates.delete(key)
    this.#tidyAt = Math.max(tidyFrom, 2 * this.#gates.size)
  }
}

function fits({ hosts, domains }: Limit, { candidate, domain }: Target): boolean {
  return isAmong(hosts, candidate.host) && isAmong(domains, domain)
}

function isAmong(names: ReadonlySet<string> | undefined, name: string): boolean {
  return names === undefined || patternsOfDomain(name).some((key) => names.has(key))
}

function ownName({ each }: Limit, { candidate, domain }: Target): string | undefined {
  if (each === undefined) return undefined
  return each === 'host' ? candidate.host : domain
}

// RFC 3463 §3.5: 4.4.5 is "mail system congestion".
function deferred(target: Target, limit: Limit, { retryAfter, moving }: NotYet): Deferred {
  const { host } = target.candidate
  const whom = ownName(limit, target) ?? [...(limit.hosts ?? limit.domains ?? [])].slice(0, 3).join(', ')
  const text = `The mail waits for its turn: there is a limit here for ${whom || 'all hosts'}`
  return {
    kind: 'deferred',
    reply: reply(451, '4.4.5', replyText(text)),
    host,
    cause: 'rate-limited',
    concerns: 'destination',
    retryAfter,
    untried: true,
    moving,
  }
}
