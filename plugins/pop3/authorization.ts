import type { Account, LoginResult, SessionFlow, Store } from 'mailwright'
import {
  beginMechanism,
  type ChannelBinding,
  type LineConnection,
  offeredMechanisms,
  runSaslExchange,
  type SaslContext,
  type ServerTls,
  saslprep,
  saslResponseLimit,
  secureSession,
} from 'mailwright/network'
import { type Answer, fault, last, ok, refusal, refusalFor, refusalOf } from './answer.ts'
import { type Command, words } from './command.ts'
import { type Maildrop, openMaildrop } from './maildrop.ts'
import type { Pop3Options } from './options.ts'
import type { Speech } from './speech.ts'

/** Milliseconds that the answer to a first failed login waits; twice as long for each further one, up to a limit. */
const firstDelay = 1_000
const longestDelay = 8_000

/** What the AUTHORIZATION state works with. */
export interface AuthorizationParts {
  readonly connection: LineConnection
  readonly speech: Speech
  readonly flow: SessionFlow
  readonly store: Store
  /** Undefined where there are no certificates: then there is no STLS. */
  readonly tls: ServerTls | undefined
  readonly options: Pop3Options
  /** Milliseconds left for logging in. */
  readonly remaining: () => number
  /** Counts one more session of an account; answers what takes it off again. Undefined where there are enough. */
  readonly enter: (account: Account) => (() => void) | undefined
  /** Told of errors of the store and the certificates. */
  readonly onFailure: (error: unknown) => void
}

/** The AUTHORIZATION state (RFC 1939 §4): TLS, then who it is, then the maildrop. */
export class Authorization {
  readonly #parts: AuthorizationParts
  #binding: ChannelBinding | undefined
  #login: string | undefined
  #failures = 0
  /** The client has said UTF8 (RFC 6856 §2.1). */
  isUtf8 = false
  /** Set by the login that succeeded: the TRANSACTION state begins. */
  maildrop: Maildrop | undefined

  constructor(parts: AuthorizationParts) {
    this.#parts = parts
  }

  get #secured(): boolean {
    return this.#parts.flow.session.tls !== undefined
  }

  /** A password may be sent as things are. */
  get mayLogIn(): boolean {
    return this.#secured || this.#parts.options.allowPlaintextLogin
  }

  get mayStartTls(): boolean {
    return !this.#secured && !this.isUtf8 && this.#parts.tls !== undefined
  }

  /** What AUTH may be used with as things are. */
  get mechanisms(): readonly string[] {
    return offeredMechanisms(this.#sasl)
  }

  get #sasl(): SaslContext {
    const binding = this.#binding
    return {
      flow: this.#parts.flow,
      mayLogIn: this.mayLogIn,
      ...(binding === undefined ? {} : { channelBinding: binding }),
    }
  }

  /** Answers undefined where the response is written already. */
  async run({ keyword, rest }: Command): Promise<Answer | undefined> {
    // RFC 1939 §7: PASS stands immediately behind a USER that was answered +OK.
    const login = this.#login
    this.#login = undefined
    switch (keyword) {
      case 'USER':
        return this.#user(rest)
      case 'PASS':
        return await this.#pass(login, rest)
      case 'AUTH':
        return await this.#authenticate(words(rest))
      case 'STLS':
        return await this.#startTls(rest)
      case 'UTF8':
        return this.#utf8(rest)
      default:
        return fault((texts) => texts.logInFirst)
    }
  }

  /** RFC 8314 §3: no password over a connection that anyone can read. */
  #refuseInClear(): Answer | undefined {
    if (this.mayLogIn) return undefined
    const { mayStartTls } = this
    return refusal((texts) => (mayStartTls ? texts.useTlsFirst : texts.noClearLogin), 'SYS/PERM')
  }

  /** Whether the name is known is not said. */
  #user(argument: string): Answer {
    const refused = this.#refuseInClear()
    if (refused !== undefined) return refused
    const login = argument.trim()
    if (login === '') return fault((texts) => texts.nameExpected)
    // RFC 6856 §2.2: what RFC 4013 §2.3 prohibits is refused.
    if (saslprep(login) === undefined) return fault((texts) => texts.notAName)
    this.#login = login
    return ok()
  }

  async #pass(login: string | undefined, secret: string): Promise<Answer> {
    const refused = this.#refuseInClear()
    if (refused !== undefined) return refused
    if (login === undefined) return fault((texts) => texts.userFirst)
    if (secret === '') return fault((texts) => texts.passwordExpected)
    if (saslprep(secret) === undefined) return fault((texts) => texts.notAPassword)
    return await this.#enter(await this.#parts.flow.login({ mechanism: 'USER', login }, secret))
  }

  /** SASL (RFC 5034 §4). */
  async #authenticate([name, initialResponse, ...others]: readonly string[]): Promise<Answer | undefined> {
    const refused = this.#refuseInClear()
    if (refused !== undefined) return refused
    const { connection, speech, remaining } = this.#parts
    // RFC 5034 does not know AUTH alone; some clients ask so what there is.
    if (name === undefined) return await speech.sayList((texts) => texts.mechanisms, this.mechanisms)
    if (others.length > 0) return fault((texts) => texts.mechanismExpected)
    const mechanism = beginMechanism(name, this.#sasl)
    if (mechanism === undefined) return fault((texts) => texts.mechanismNotOffered)
    const outcome = await runSaslExchange(mechanism, initialResponse, {
      challenge: (text) => connection.write(`+ ${text}\r\n`),
      readLine: () => connection.readLine(saslResponseLimit, remaining()),
    })
    switch (outcome.kind) {
      case 'done':
        return await this.#enter(outcome.result)
      case 'cancelled':
        return fault((texts) => texts.loginCancelled)
      case 'malformed':
        return fault(() => outcome.problem)
      case 'ended':
        // Of timeout, flood and end the session learns with its next read.
        return undefined
    }
  }

  async #enter(result: LoginResult): Promise<Answer> {
    return result.ok ? await this.#open(result.account) : await this.#failed(refusalOf(result.reply))
  }

  async #open(account: Account): Promise<Answer> {
    const { flow, store, enter, onFailure } = this.#parts
    const refused = await flow.access({ account, mailbox: 'INBOX', action: 'read' })
    if (refused !== undefined) return { ...refusalOf(refused), fault: true }
    const leave = enter(account)
    if (leave === undefined) return { ...refusal((texts) => texts.tooManyOfUser, 'SYS/TEMP'), fault: true }
    try {
      this.maildrop = await openMaildrop(store, account)
    } catch (error) {
      leave()
      onFailure(error)
      return { ...refusalFor(error), fault: true }
    }
    const { count, octets } = this.maildrop
    return ok((texts) => texts.status(count, octets))
  }

  /** Guessing gets slower and slower, and then ends. What failed on our side is not held against the client. */
  async #failed(answer: Answer): Promise<Answer> {
    if (answer.code === 'SYS/TEMP') return { ...answer, fault: true }
    this.#failures++
    await this.#parts.connection.delay(Math.min(firstDelay * 2 ** (this.#failures - 1), longestDelay))
    return this.#failures < this.#parts.options.maxLoginFailures
      ? answer
      : last(answer, 'too many failed logins')
  }

  /** RFC 6856 §2.1 */
  #utf8(rest: string): Answer {
    if (rest !== '') return fault((texts) => texts.noArgument)
    this.isUtf8 = true
    return ok((texts) => texts.utf8)
  }

  /** RFC 2595 §4. What was said in clear is forgotten. */
  async #startTls(rest: string): Promise<Answer | undefined> {
    const { connection, speech, tls, onFailure } = this.#parts
    if (rest !== '') return fault((texts) => texts.noArgument)
    if (this.#secured) return fault((texts) => texts.tlsActive)
    if (tls === undefined) return fault((texts) => texts.noTls)
    // RFC 6856 §2.1: clients must not.
    if (this.isUtf8) return fault((texts) => texts.tlsAfterUtf8)
    // Commands behind STLS were sent by someone who wants them to be taken for commands under TLS.
    const nothingBehind = (): Answer | undefined =>
      connection.unread > 0
        ? last(
            fault((texts) => texts.nothingBehindTls),
            'commands behind STLS',
          )
        : undefined
    const early = nothingBehind()
    if (early !== undefined) return early
    const options = await tls.options().catch(onFailure)
    if (options === undefined) return refusal((texts) => texts.tlsUnavailable, 'SYS/TEMP')
    const behind = nothingBehind()
    if (behind !== undefined) return behind
    await speech.say(ok((texts) => texts.beginTls))
    await this.secure(options)
    return undefined
  }

  /** Begins TLS, from the first octet or after STLS. What the client has said in clear is forgotten. */
  async secure(options: Awaited<ReturnType<ServerTls['options']>>): Promise<void> {
    const { connection, speech, flow, remaining } = this.#parts
    this.#binding = await secureSession(flow, connection, options, remaining())
    speech.reset()
  }
}
