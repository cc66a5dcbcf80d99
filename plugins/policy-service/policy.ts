import {
  concerns,
  type Log,
  type Reply,
  type Resolver,
  reply,
  type Session,
  type Transaction,
} from 'mailwright'
import { type PolicyAction, parseAction } from './action.ts'
import type { PolicyClient } from './client.ts'
import { Effects } from './effects.ts'
import type { PolicyServiceOptions } from './options.ts'
import { type ClientFacts, clientNames, formatRequest, type PolicyQuestion } from './request.ts'

const misconfigured = reply(451, '4.3.5', 'Server configuration problem, try again later')

export interface PolicySurroundings {
  readonly client: Pick<PolicyClient, 'ask'>
  readonly resolver: Resolver
  readonly options: PolicyServiceOptions
  readonly log: Log
}

/** Asks the policy server at each step, and keeps what it wants done until the message is here. */
export class Policy {
  readonly #given: PolicySurroundings
  readonly #effects = new WeakMap<Session | Transaction, Effects>()
  readonly #mechanisms = new WeakMap<Session, string>()
  readonly #names = new WeakMap<Session, Promise<Pick<ClientFacts, 'name' | 'reverseName'>>>()
  #isAway = false

  constructor(given: PolicySurroundings) {
    this.#given = given
  }

  /** A login is tried by this mechanism; whether it succeeds, the session says. */
  loginTried(session: Session, mechanism: string): void {
    this.#mechanisms.set(session, mechanism)
  }

  /** A refusal, or undefined where the policy server has none. */
  async check(question: PolicyQuestion, signal: AbortSignal): Promise<Reply | undefined> {
    if (!concerns(this.#given.options, question.session)) return undefined
    const action = await this.#ask(question, signal)
    switch (action.kind) {
      case 'pass':
        return undefined
      case 'refuse':
        return action.reply
      case 'unknown':
        return misconfigured
      default:
        this.#keep(question, action)
        return undefined
    }
  }

  /** All that is to be done to a message. */
  effects(transaction: Transaction): Effects {
    const own = this.#effects.get(transaction) ?? new Effects()
    const earlier = this.#effects.get(transaction.session)
    return earlier === undefined ? own : own.after(earlier)
  }

  async #ask(question: PolicyQuestion, signal: AbortSignal): Promise<PolicyAction> {
    const { client, options, log } = this.#given
    const facts = await this.#facts(question.session)
    const request = formatRequest(question, facts, options.policyContext)
    const ids = { session: question.session.id, transaction: question.transaction?.id }
    let text: string
    try {
      text = await client.ask(request, signal)
    } catch (error) {
      // Who gave up waiting says nothing about the policy server.
      if (!signal.aborted) this.#away(error, ids)
      return options.defaultAction
    }
    this.#back()
    const action = parseAction(text)
    if (action.kind === 'unknown')
      log.error('unavailable', { ...ids, error: `the policy server's action means nothing here: ${text}` })
    return action
  }

  #away(error: unknown, ids: object): void {
    if (!this.#isAway) this.#given.log.error('unavailable', { ...ids, service: 'policy server', error })
    this.#isAway = true
  }

  #back(): void {
    if (this.#isAway) this.#given.log.warn('recovered', { service: 'policy server' })
    this.#isAway = false
  }

  async #facts(session: Session): Promise<ClientFacts> {
    const names = this.#names.get(session) ?? clientNames(this.#given.resolver, session.remote)
    this.#names.set(session, names)
    return { ...(await names), mechanism: this.#mechanisms.get(session) ?? '' }
  }

  #keep({ stage, session, transaction }: PolicyQuestion, action: PolicyAction): void {
    const subject = transaction ?? session
    const effects = this.#effects.get(subject) ?? new Effects()
    effects.add(action, stage === 'message')
    this.#effects.set(subject, effects)
  }
}
