import { errorText, type MailParameters, type Message, ofDomain, reply, replyText } from 'mailwright'
import { type Undelivered, undelivered, unreachable } from '../outcome.ts'
import type { Destination } from '../routing/destination.ts'
import type { Candidate, SecurityPolicy, TlsRequirement } from './requirement.ts'
import { requirementOf, type TlsLevel, type TlsRules } from './tls-rule.ts'

/** What a message says of its own security. */
export interface SecuredMessage {
  readonly message: Pick<Message, 'header'>
  readonly parameters: Pick<MailParameters, 'requireTls'>
}

export interface PolicySettings {
  /** Where nothing else is said. */
  readonly tls: TlsLevel
  readonly tlsFor: TlsRules
  /** What domains publish: DANE and MTA-STS. */
  readonly published: readonly SecurityPolicy[]
}

/** Why mail does not go to a host. */
export interface NotToHost {
  readonly outcome: Undelivered
}

const strictness = ['none', 'may', 'encrypt', 'verify', 'dane'] as const

/**
 * What a host has to fulfil: what the config says of the destination; else the strictest of what its domain publishes and what holds
 * for all; and more where the message wants it (RFC 8689).
 */
export class SecurityPolicies {
  readonly #settings: PolicySettings

  constructor(settings: PolicySettings) {
    this.#settings = settings
  }

  async requirementFor(
    destination: Destination,
    candidate: Candidate,
    { message, parameters }: SecuredMessage,
  ): Promise<TlsRequirement | NotToHost> {
    const requireTls = parameters.requireTls === true
    // RFC 8689 §4.1: REQUIRETLS comes before the field.
    const isRelaxed = !requireTls && isTlsNotRequired(message)
    const found = await this.#demanded(destination, candidate, isRelaxed)
    if ('outcome' in found || !requireTls) return found
    return withRequireTls(found, candidate)
  }

  async #demanded(
    { host, relay }: Destination,
    candidate: Candidate,
    isRelaxed: boolean,
  ): Promise<TlsRequirement | NotToHost> {
    const rule = relay?.tls ?? ofDomain(this.#settings.tlsFor, host)
    if (rule !== undefined) return requirementOf(rule, candidate.host, 'config')
    let strictest = requirementOf({ level: this.#settings.tls, names: undefined }, candidate.host, 'default')
    if (isRelaxed) return strictest
    for (const policy of this.#settings.published) {
      const opinion = await policy.requirementFor(host, candidate).catch((error: unknown) => {
        const text = `The security policy for ${candidate.host} cannot be found out now: ${errorText(error)}`
        return { outcome: unreachable('dns', '4.4.3', text, candidate.host) }
      })
      if (opinion === undefined) continue
      if (opinion === 'refused') return notListed(host, candidate)
      if ('outcome' in opinion) return opinion
      if (strictness.indexOf(opinion.level) >= strictness.indexOf(strictest.level)) strictest = opinion
      // RFC 8461 §2: what DANE says is worth more than what an authority does, and MTA-STS must not change it.
      if (opinion.level === 'dane') break
    }
    return strictest
  }
}

/** RFC 8689 §5: the field `TLS-Required: No`. */
function isTlsNotRequired({ header }: Pick<Message, 'header'>): boolean {
  return header.first('tls-required')?.body.trim().toLowerCase() === 'no'
}

function notListed(domain: string, { host }: Candidate): NotToHost {
  const text = `The MTA-STS policy of ${domain} does not list the host ${host}`
  return { outcome: unreachable('tls', '4.7.5', text, host) }
}

/** RFC 8689 §4.2.1: a host whose name is known for sure, and that proves to be it. */
function withRequireTls(demanded: TlsRequirement, candidate: Candidate): TlsRequirement | NotToHost {
  if (demanded.level === 'verify' || demanded.level === 'dane') {
    if (demanded.source !== 'default') return demanded
  }
  if (candidate.secure) return { level: 'verify', names: [candidate.host], source: 'require-tls' }
  const { host } = candidate
  const text = `The message is only to go on under TLS to a host that is known for sure, and ${host} is not`
  return {
    outcome: undelivered(reply(550, '5.7.30', replyText(text)), { cause: 'tls', host, concerns: 'message' }),
  }
}
