import type { Claim } from '../hooks/envelope.ts'
import type { HookSubject } from '../host/hook-point.ts'
import type { Account } from '../model/account.ts'
import type { Address } from '../model/address/address.ts'
import { formatReply, localError, type Reply } from '../model/reply.ts'
import type { Hello, LoginAttempt, Session, SessionRole, TlsFacts } from '../model/session.ts'
import type { MailParameters } from '../model/transaction.ts'
import type { ScramMechanism } from '../services/accounts.ts'
import type { HistoryEntry, HistoryVerb } from '../services/history.ts'
import type { LoginProof } from './account-sessions.ts'
import type { Delivery } from './delivery.ts'
import { ended } from './ended.ts'
import type {
  BearerToken,
  LoginAbilities,
  LoginResult,
  MailResult,
  ScramStart,
  SessionFlow,
  SessionOptions,
} from './flow.ts'
import { newId } from './id.ts'
import { Logins } from './login.ts'
import { refusal } from './refusal.ts'
import type { FlowContext } from './surroundings.ts'
import { TransactionRun } from './transaction.ts'

/** Whose clients may be strangers; readers of mail log in. */
const claimedRoles: ReadonlySet<SessionRole> = new Set(['transfer', 'submission', 'lmtp'])

/** The session as plugins see it; the flow alone writes to it. */
class LiveSession implements Session {
  readonly id: string
  readonly role: SessionRole
  readonly listener: string
  readonly startedAt: Date
  readonly local: Session['local']
  readonly remote: Session['remote']
  readonly signal: AbortSignal
  readonly internal: boolean
  tls: TlsFacts | undefined
  hello: Hello | undefined
  account: Account | undefined
  /** What `claimClient` said. */
  claim: string | undefined

  constructor(id: string, listener: string, startedAt: Date, options: SessionOptions, signal: AbortSignal) {
    this.id = id
    this.role = options.role
    this.listener = listener
    this.startedAt = startedAt
    this.local = options.local
    this.remote = options.remote
    this.tls = options.tls
    this.signal = signal
    this.internal = options.internal === true
  }

  get ownClient(): string | undefined {
    if (this.account !== undefined) return 'an authenticated user'
    return this.role === 'local' ? 'a program of this machine' : this.claim
  }
}

/** One session on its way; see {@link SessionFlow}. */
export class SessionRun implements SessionFlow {
  readonly #context: FlowContext
  readonly #delivery: Delivery
  readonly #ended = new AbortController()
  readonly #live: LiveSession
  readonly #subject: HookSubject
  #transaction: TransactionRun | undefined
  readonly #options: SessionOptions
  /** Takes the session out of those of its account. */
  #leave: (() => void) | undefined
  /** The TLS under which it was asked whose client this is. */
  #claimedUnder: TlsFacts | undefined | null = null
  /** Why the session has no TLS and goes no further. */
  #handshakeFault: string | undefined

  constructor(context: FlowContext, delivery: Delivery, listener: string, options: SessionOptions) {
    this.#context = context
    this.#delivery = delivery
    this.#options = options
    const now = context.clock.now()
    this.#live = new LiveSession(newId(now), listener, new Date(now), options, this.#ended.signal)
    this.#subject = { session: this.#live.id, signal: this.#ended.signal }
    const { remote, local, proxy, role, tls } = options
    const text = `${role} from ${remote.address}`
    context.metrics.opened(role)
    if (tls !== undefined) context.metrics.secured(role, tls.version)
    this.record('connected', {
      text,
      facts: { remote, local, listener, ...(tls === undefined ? {} : { tls }) },
    })
    if (proxy !== undefined) {
      const told = `the client is who the proxy at ${proxy.address} says`
      this.record('verdict', { by: listener, text: told, facts: { proxy } })
    }
    context.log.debug('connected', { session: this.#live.id, listener, role, remote: remote.address })
  }

  get session(): Session {
    return this.#live
  }

  async connect(): Promise<Reply | undefined> {
    const { connection } = this.#context.hooks
    await this.#claimClient()
    return this.#refused(refusal(await connection.checkClient.decide<Reply>([this.session], this.#subject)))
  }

  /** Once in clear and once under TLS, which may have brought a certificate. */
  async #claimClient(): Promise<void> {
    const { role, tls } = this.#live
    if (!claimedRoles.has(role) || this.#claimedUnder === tls) return
    this.#claimedUnder = tls
    const { claimClient } = this.#context.hooks.connection
    const claim = await claimClient.decide<Claim>([this.session], this.#subject)
    this.#live.claim = claim?.kind === 'answer' ? claim.answer.reason : undefined
  }

  secured(tls: TlsFacts): void {
    this.#transaction?.abandon()
    this.#live.tls = tls
    this.#live.hello = undefined
    this.#leaveAccount()
    this.#live.claim = undefined
    this.#context.metrics.secured(this.#live.role, tls.version)
    this.record('secured', { text: `${tls.version} ${tls.cipher}`, facts: { ...tls } })
  }

  notSecured(reason: string): void {
    const { id, listener, role, remote } = this.#live
    this.#handshakeFault = `TLS handshake failed: ${reason}`
    this.#context.log.info('tls-failed', { session: id, listener, role, remote: remote.address, reason })
  }

  async hello(hello: Hello): Promise<Reply | undefined> {
    this.#transaction?.abandon()
    const former = this.#live.hello
    this.#live.hello = hello
    this.record('greeted', { text: hello.name, facts: { extended: hello.extended } })
    await this.#claimClient()
    const { connection } = this.#context.hooks
    const refused = refusal(await connection.checkHello.decide<Reply>([this.session], this.#subject))
    // RFC 5321 §4.1.4: what was said before holds on.
    if (refused !== undefined) this.#live.hello = former
    return this.#refused(refused)
  }

  async unknownCommand(line: string): Promise<Reply | undefined> {
    const { unknownCommand } = this.#context.hooks.connection
    return refusal(await unknownCommand.decide<Reply>([this.session, line], this.#subject))
  }

  /** Made when it is needed: most of a session's life it is not. */
  get #logins(): Logins {
    return new Logins(this.#context, {
      session: this.#live,
      subject: this.#subject,
      enter: (account, by) => this.#enter(account, by),
      record: (verb, entry) => this.record(verb, entry),
    })
  }

  #enter(account: Account, by: LoginProof): void {
    const { role } = this.#live
    this.#leaveAccount()
    this.#live.account = account
    if (this.#ended.signal.aborted) return
    this.#leave = this.#context.accountSessions.enter({
      role,
      account,
      by,
      end: (reason) => this.#options.end?.(reason),
      changed: (now) => {
        this.#live.account = now
        this.#options.accountChanged?.(now)
      },
    })
  }

  #leaveAccount(): void {
    this.#leave?.()
    this.#leave = undefined
    this.#live.account = undefined
  }

  get loginAbilities(): LoginAbilities {
    return this.#logins.abilities
  }

  login(attempt: LoginAttempt, proof: string | BearerToken): Promise<LoginResult> {
    return this.#logins.login(attempt, proof)
  }

  beginScram(attempt: LoginAttempt, mechanism: ScramMechanism): Promise<ScramStart> {
    return this.#logins.beginScram(attempt, mechanism)
  }

  refuseLogin(attempt: LoginAttempt, reason: string): LoginResult {
    return this.#logins.refuse(attempt, reason)
  }

  loggedOut(): void {
    this.#transaction?.abandon()
    this.#leaveAccount()
  }

  async mail(reversePath: Address | null, parameters: MailParameters = {}): Promise<MailResult> {
    this.#transaction?.abandon()
    const id = newId(this.#context.clock.now())
    const transaction = new TransactionRun(this.#context, this.#delivery, this.session, id, {
      reversePath,
      parameters,
    })
    if (this.#ended.signal.aborted) return { ok: false, reply: localError }
    this.#transaction = transaction
    const refused = this.#refused(await transaction.begin())
    if (refused !== undefined) {
      transaction.abandon()
      return { ok: false, reply: refused }
    }
    return { ok: true, transaction }
  }

  async access(request: Parameters<SessionFlow['access']>[0]): Promise<Reply | undefined> {
    const { retrieval } = this.#context.hooks
    const whole = { ...request, session: this.session }
    const refused = refusal(await retrieval.checkAccess.decide<Reply>([whole], this.#subject))
    if (refused !== undefined) return this.#refused(refused)
    this.record('opened', { text: request.mailbox, facts: { action: request.action } })
    this.#context.inBackground(retrieval.mailboxOpened.notify([whole], this.#subject))
    return undefined
  }

  /** Notes a refusal that ends a step. */
  #refused(answer: Reply | undefined): Reply | undefined {
    if (answer !== undefined) this.record('refused', { text: formatReply(answer).replaceAll('\r\n', ' / ') })
    return answer
  }

  record(verb: HistoryVerb, entry: Partial<Omit<HistoryEntry, 'at' | 'verb' | 'session'>> = {}): void {
    this.#context.record(verb, this.#subject, entry)
  }

  close(why = 'the client has left'): void {
    if (this.#ended.signal.aborted) return
    const reason = this.#handshakeFault ?? why
    this.#transaction?.abandon()
    this.#leave?.()
    this.#ended.abort(ended)
    this.#context.metrics.closed(this.#live.role)
    this.record('closed', { text: reason })
    this.#context.log.debug('closed', { session: this.session.id, reason })
    this.#context.inBackground(this.#context.hooks.connection.closed.notify([this.session], this.#subject))
  }
}
