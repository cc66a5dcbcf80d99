import type { HookSubject } from '../host/hook-point.ts'
import type { LoginOutcome } from '../metrics/flow-metrics.ts'
import type { Account } from '../model/account.ts'
import { formatAddress, parseAddress, sameAddress } from '../model/address/address.ts'
import { type Reply, reply } from '../model/reply.ts'
import type { LoginAttempt, Session } from '../model/session.ts'
import {
  type Accounts,
  accounts,
  type ScramKeys,
  type ScramMechanism,
  type ScramVerifier,
  type Verification,
} from '../services/accounts.ts'
import type { HistoryVerb } from '../services/history.ts'
import { tokens } from '../services/tokens.ts'
import type { LoginProof } from './account-sessions.ts'
import { answerInTime } from './answer-in-time.ts'
import { failNotBefore } from './fail-not-before.ts'
import type {
  BearerToken,
  LoginAbilities,
  LoginResult,
  LoginSecret,
  ScramLogin,
  ScramProven,
  ScramStart,
  SessionFlow,
} from './flow.ts'
import { refusal } from './refusal.ts'
import type { FlowContext } from './surroundings.ts'

// RFC 4954 §6. One answer for every kind of failure, so that nobody learns which logins exist.
const wrongLogin = reply(535, '5.7.8', 'Authentication failed')
const cannotVerify = reply(454, '4.7.0', 'Authentication is not possible now, try again later')

const longestShown = 320

// CRAM-MD5 has no slow hash that hides how long a look-up took, and how many secrets were compared.
const earliestCramMd5Failure = 25

/** What logins need of their session. */
export interface LoginSession {
  readonly session: Session
  readonly subject: HookSubject
  /** The session is this account's from now on. */
  enter(account: Account, by: LoginProof): void
  record(verb: HistoryVerb, entry: Parameters<SessionFlow['record']>[1]): void
}

type Failure = { readonly ok: false; readonly reply: Reply }

/** The logins of one session: the same checks, hooks and records whatever the proof is. */
export class Logins {
  readonly #context: FlowContext
  readonly #own: LoginSession

  constructor(context: FlowContext, own: LoginSession) {
    this.#context = context
    this.#own = own
  }

  get abilities(): LoginAbilities {
    const service = this.#context.services.find(accounts)
    const knowsTokens = service?.supports?.identify === true
    return {
      scram: service?.supports?.scram === true && service.scramVerifier ? ['SCRAM-SHA-256'] : [],
      cramMd5: service?.supports?.cramMd5 === true && service.verifyCramMd5 !== undefined,
      tokens: knowsTokens ? this.#context.services.find(tokens)?.hints : undefined,
    }
  }

  async login(attempt: LoginAttempt, proof: LoginSecret): Promise<LoginResult> {
    const refused = await this.#check(attempt)
    if (refused !== undefined) return refused
    const verified = await this.#ask((service) => this.#verify(service, attempt, proof))
    const failed = await this.#failure(attempt, verified)
    return failed ?? this.#succeed(attempt, verified, typeof proof !== 'string' && 'token' in proof)
  }

  async beginScram(attempt: LoginAttempt, mechanism: ScramMechanism): Promise<ScramStart> {
    const refused = await this.#check(attempt)
    if (refused !== undefined) return refused
    const { role } = this.#own.session
    const verifier = await this.#ask((service) => service.scramVerifier?.(attempt.login, role, mechanism))
    if (verifier === undefined) return this.#unverified(attempt)
    return { ok: true, login: this.#scramLogin(attempt, verifier) }
  }

  refuse(attempt: LoginAttempt, reason: string): LoginResult {
    return this.#failed(attempt, wrongLogin, reason, 'refused')
  }

  #scramLogin(attempt: LoginAttempt, verifier: ScramVerifier): ScramLogin {
    const { salt, iterations, keys } = verifier
    const verify = async (proven: ScramKeys | undefined): Promise<ScramProven> => {
      const keys = isOwnIdentity(attempt) ? proven : undefined
      const verified = await this.#ask(() => verifier.verify(keys))
      const failed = await this.#failure(attempt, verified)
      if (failed !== undefined) return failed
      // Nobody gets in without a proof, whatever the provider says.
      if (keys === undefined) return this.#unverified(attempt)
      return { ok: true, keys, complete: () => this.#succeed(attempt, verified) }
    }
    return { salt, iterations, keys, verify }
  }

  async #check(attempt: LoginAttempt): Promise<Failure | undefined> {
    const { connection } = this.#context.hooks
    const { session, subject } = this.#own
    const refused = refusal(await connection.checkLogin.decide<Reply>([session, attempt], subject))
    return refused && this.#failed(attempt, refused, 'refused by a check', 'refused')
  }

  async #verify(
    service: Accounts,
    attempt: LoginAttempt,
    proof: LoginSecret,
  ): Promise<Verification | undefined> {
    if (!isOwnIdentity(attempt)) return { ok: false, reason: 'wrong-secret' }
    const { role } = this.#own.session
    if (typeof proof === 'string') return service.verify(attempt.login, proof, role)
    if ('token' in proof) return this.#verifyToken(service, attempt, proof)
    return failNotBefore(this.#context.clock, earliestCramMd5Failure, () =>
      service.verifyCramMd5?.(attempt.login, proof, role),
    )
  }

  async #verifyToken(
    service: Accounts,
    { login }: LoginAttempt,
    { token }: BearerToken,
  ): Promise<Verification | undefined> {
    const { role } = this.#own.session
    const facts = await this.#context.services.find(tokens)?.introspect(token)
    if (facts?.active === false) return { ok: false, reason: 'wrong-secret' }
    const verified = facts && (await service.identify?.(facts.login, role))
    if (verified?.ok !== true || login === '' || login === facts?.login) return verified
    // The client named somebody, in whatever spelling: it must be the token's owner.
    const named = await service.identify?.(login, role)
    return named?.ok === true && named.account.id === verified.account.id
      ? verified
      : { ok: false, reason: 'wrong-secret' }
  }

  /** Undefined where it could not be found out. */
  async #ask<T>(question: (service: Accounts) => Promise<T> | undefined): Promise<T | undefined> {
    const { services, log } = this.#context
    const service = services.find(accounts)
    try {
      // Whatever the provider says that is no answer is none.
      return service && ((await answerInTime(this.#context, () => question(service))) ?? undefined)
    } catch (error) {
      const provider = services.providerOf(accounts)
      log.error('unavailable', { session: this.#own.session.id, service: 'accounts', provider, error })
      return undefined
    }
  }

  async #failure(attempt: LoginAttempt, verified: Verification | undefined): Promise<Failure | undefined> {
    if (verified === undefined) return this.#unverified(attempt)
    if (verified.ok) return undefined
    const { session, subject } = this.#own
    await this.#context.hooks.connection.loginFailed.notify([session, attempt], subject)
    return this.#failed(attempt, wrongLogin, verified.reason, 'failed')
  }

  async #succeed(
    attempt: LoginAttempt,
    verified: Verification | undefined,
    byToken: boolean = false,
  ): Promise<LoginResult> {
    if (verified?.ok !== true) return this.#unverified(attempt)
    const { session, subject, enter, record } = this.#own
    const { account, appPassword } = verified
    enter(account, proofOf(appPassword, byToken))
    this.#context.metrics.login(session.role, 'ok')
    const address = formatAddress(account.address)
    const by = appPassword === undefined ? {} : { appPassword }
    record('logged-in', { text: address, facts: { mechanism: attempt.mechanism, ...by } })
    const remote = session.remote.address
    this.#context.log.info('login', { session: session.id, remote, account: address, ...by })
    await this.#context.hooks.connection.loggedIn.notify([session, account], subject)
    return { ok: true, account }
  }

  #unverified(attempt: LoginAttempt): Failure {
    return this.#failed(attempt, cannotVerify, 'could not be verified', 'unavailable')
  }

  #failed(
    { login: whole, mechanism }: LoginAttempt,
    answer: Reply,
    reason: string,
    outcome: LoginOutcome,
  ): Failure {
    const { session, record } = this.#own
    this.#context.metrics.login(session.role, outcome)
    const login = whole.slice(0, longestShown)
    record('login-failed', { text: `${login}: ${reason}`, facts: { mechanism } })
    const remote = session.remote.address
    this.#context.log.warn('login-failed', { session: session.id, remote, login, reason })
    return { ok: false, reply: answer }
  }
}

function proofOf(appPassword: string | undefined, byToken: boolean): LoginProof {
  if (byToken) return { kind: 'token' }
  return appPassword === undefined ? { kind: 'password' } : { kind: 'app-password', appPassword }
}

/** Acting for somebody else (RFC 4616 §2) is a right that no account has yet. The own address may be in any spelling. */
function isOwnIdentity({ login, authorizationIdentity = '' }: LoginAttempt): boolean {
  if (authorizationIdentity === '' || authorizationIdentity === login) return true
  const [one, other] = [parseAddress(login), parseAddress(authorizationIdentity)]
  return one !== undefined && other !== undefined && sameAddress(one, other)
}
