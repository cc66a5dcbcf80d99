import type { Account, LoginAttempt, SessionFlow, Store } from 'mailwright'
import { type LineConnection, type ServerTls, tlsFacts } from 'mailwright'
import { type Answer, fault, last, ok, refusal, refusalFor, refusalOf } from './answer.ts'
import { type Command, words } from './command.ts'
import { type Maildrop, openMaildrop } from './maildrop.ts'
import type { Pop3Options } from './options.ts'
import { parsePlain, saslResponseLimit } from './sasl-plain.ts'

/** Milliseconds that the answer to a first failed login waits; twice as long for each further one, up to a limit. */
const firstDelay = 1_000
const longestDelay = 8_000

/** What the AUTHORIZATION state works with. */
export interface AuthorizationParts {
  readonly connection: LineConnection
  readonly flow: SessionFlow
  readonly store: Store
  /** Undefined where there are no certificates: then there is no STLS. */
  readonly tls: ServerTls | undefined
  readonly options: Pop3Options
  /** Milliseconds left for logging in. */
  readonly remaining: () => number
  /** Told of errors of the store and the certificates. */
  readonly onFailure: (error: unknown) => void
}

/** The AUTHORIZATION state (RFC 1939 §4): TLS, then who it is, then the maildrop. */
export class Authorization {
  readonly #parts: AuthorizationParts
  #login: string | undefined
  #failures = 0
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
    return !this.#secured && this.#parts.tls !== undefined
  }

  /** Answers undefined where the response is written already. */
  async run({ keyword, rest }: Command): Promise<Answer | undefined> {
    switch (keyword) {
      case 'USER':
        return this.#user(rest)
      case 'PASS':
        return await this.#pass(rest)
      case 'AUTH':
        return await this.#authenticate(words(rest))
      case 'STLS':
        return await this.#startTls(rest)
      default:
        return fault('Unknown command, or log in first')
    }
  }

  /** RFC 8314 §3: no password over a connection that anyone can read. */
  #refuseInClear(): Answer | undefined {
    if (this.mayLogIn) return undefined
    return refusal(
      this.mayStartTls ? 'No login in clear text, use STLS first' : 'No login in clear text',
      'SYS/PERM',
    )
  }

  /** Whether the name is known is not said. */
  #user(login: string): Answer {
    const refused = this.#refuseInClear()
    if (refused !== undefined) return refused
    if (login.trim() === '') return fault('A name is expected')
    this.#login = login.trim()
    return ok()
  }

  async #pass(secret: string): Promise<Answer> {
    const refused = this.#refuseInClear()
    if (refused !== undefined) return refused
    const login = this.#login
    this.#login = undefined
    if (login === undefined) return fault('USER comes first')
    if (secret === '') return fault('A password is expected')
    return await this.#verify({ mechanism: 'USER', login }, secret)
  }

  /** SASL (RFC 5034 §4). */
  async #authenticate([mechanism, initialResponse, ...others]: readonly string[]): Promise<
    Answer | undefined
  > {
    const refused = this.#refuseInClear()
    if (refused !== undefined) return refused
    this.#login = undefined
    if (mechanism === undefined || others.length > 0) return fault('A mechanism is expected')
    if (mechanism.toUpperCase() !== 'PLAIN') return fault('Unknown mechanism, only PLAIN is known')
    const response = initialResponse ?? (await this.#continuation())
    if (typeof response !== 'string') return response
    if (response === '*') return fault('Authentication cancelled')
    const credentials = parsePlain(response)
    if (credentials === undefined) return fault('Not a PLAIN response')
    const { authorizationIdentity, login, secret } = credentials
    const other =
      authorizationIdentity === '' || authorizationIdentity === login ? {} : { authorizationIdentity }
    return await this.#verify({ mechanism: 'PLAIN', login, ...other }, secret)
  }

  /** Asks for the response; the answer to a line that is none, or undefined where the client is gone. */
  async #continuation(): Promise<string | Answer | undefined> {
    const { connection, remaining } = this.#parts
    await connection.write('+ \r\n')
    const read = await connection.readLine(saslResponseLimit, remaining())
    if (read.kind === 'line') return read.octets.toString('latin1')
    // Of timeout, flood and end the session learns with its next read.
    return read.kind === 'too-long' ? fault('The response is too long') : undefined
  }

  async #verify(attempt: LoginAttempt, secret: string): Promise<Answer> {
    const result = await this.#parts.flow.login(attempt, secret)
    return result.ok ? await this.#open(result.account) : await this.#failed(refusalOf(result.reply))
  }

  async #open(account: Account): Promise<Answer> {
    const { flow, store, onFailure } = this.#parts
    const refused = await flow.access({ account, mailbox: 'INBOX', action: 'read' })
    if (refused !== undefined) return { ...refusalOf(refused), fault: true }
    try {
      this.maildrop = await openMaildrop(store, account)
    } catch (error) {
      onFailure(error)
      return { ...refusalFor(error), fault: true }
    }
    return ok(`${this.maildrop.count} messages (${this.maildrop.octets} octets)`)
  }

  /** Guessing gets slower and slower, and then ends. What failed on our side is not held against the client. */
  async #failed(answer: Answer): Promise<Answer> {
    if (answer.line.startsWith('-ERR [SYS/TEMP]')) return { ...answer, fault: true }
    this.#failures++
    await this.#parts.connection.delay(Math.min(firstDelay * 2 ** (this.#failures - 1), longestDelay))
    return this.#failures < this.#parts.options.maxLoginFailures
      ? answer
      : last(answer, 'too many failed logins')
  }

  /** RFC 2595 §4. What was said in clear is forgotten. */
  async #startTls(rest: string): Promise<Answer | undefined> {
    const { connection, flow, tls, remaining, onFailure } = this.#parts
    if (rest !== '') return fault('No argument is expected')
    if (this.#secured) return fault('TLS is active already')
    if (tls === undefined) return fault('No TLS here')
    // Commands behind STLS were sent by someone who wants them to be taken for commands under TLS.
    if (connection.unread > 0)
      return last(fault('Nothing may follow STLS before TLS'), 'commands behind STLS')
    this.#login = undefined
    const options = await tls.options().catch(onFailure)
    if (options === undefined) return refusal('TLS is not available now', 'SYS/TEMP')
    if (connection.unread > 0)
      return last(fault('Nothing may follow STLS before TLS'), 'commands behind STLS')
    await connection.write('+OK Begin TLS\r\n')
    flow.secured(tlsFacts(await connection.secure(options, remaining())))
    return undefined
  }
}
