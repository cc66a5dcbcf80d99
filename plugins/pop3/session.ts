import type { Socket } from 'node:net'
import {
  type Clock,
  ConnectionLost,
  errorCode,
  type Flow,
  LineConnection,
  type Log,
  type ReadResult,
  type ServerTls,
  type SessionFlow,
  socketEndpoints,
  type Store,
  tlsFacts,
} from 'mailwright'
import { type Answer, fault, last, ok, refusal, refusalOf } from './answer.ts'
import { Authorization } from './authorization.ts'
import { capabilities } from './capabilities.ts'
import { type Command, commandLimit, isHttp, parseCommand } from './command.ts'
import type { Pop3Options } from './options.ts'
import { Transaction } from './transaction.ts'

/** What all sessions of a listener share. */
export interface Listener {
  readonly flow: Flow
  readonly store: Store
  /** Undefined where there are no certificates. */
  readonly tls: ServerTls | undefined
  readonly options: Pop3Options
  readonly hostname: string
  readonly clock: Clock
  readonly log: Log
}

const stopReason = 'server stops'

/**
 * One client's session: AUTHORIZATION, then TRANSACTION, then, at QUIT and only then, UPDATE (RFC 1939 §3). Make it,
 * then `run` it.
 */
export class Pop3Session {
  readonly #listener: Listener
  readonly #connection: LineConnection
  readonly #flow: SessionFlow
  readonly #authorization: Authorization
  readonly #log: Log
  readonly #loginDeadline: number
  #transaction: Transaction | undefined
  /** A command of an opened maildrop is being answered. */
  #busy = false
  #stopping = false
  #faults = 0
  #reason = 'connection lost'
  /** Resolves when nothing more is done for the client and its maildrop is free again. */
  #over: Promise<void> = Promise.resolve()

  constructor(socket: Socket, listener: Listener) {
    const { flow, store, tls, options, clock, log } = listener
    this.#listener = listener
    this.#flow = flow.openSession({ role: 'pop3', ...socketEndpoints(socket) })
    this.#log = log.child({ session: this.#flow.session.id })
    this.#connection = new LineConnection(socket, clock, options.writeTimeout)
    void this.#connection.closed.then(() => this.#flow.close(this.#reason))
    this.#loginDeadline = clock.monotonic() + options.loginTimeout
    this.#authorization = new Authorization({
      connection: this.#connection,
      flow: this.#flow,
      store,
      tls,
      options,
      remaining: () => this.#remaining(),
      onFailure: (error) => this.#report(error),
    })
  }

  /** Resolves when the session is over, its maildrop free again and its socket closed. Never rejects. */
  async run(): Promise<void> {
    this.#over = this.#run()
    await this.#over
    await this.#connection.closed
  }

  /** Ends the session; what it is in the middle of, a message under way or deletions at QUIT, is finished first. */
  async stop(): Promise<void> {
    this.#stopping = true
    if (!this.#busy) this.#cut(stopReason)
    await this.#over
    await this.#connection.closed
  }

  async #run(): Promise<void> {
    try {
      await this.#talk()
    } catch (error) {
      if (error instanceof ConnectionLost) {
        if (error.cause !== undefined) this.#report(error.cause)
      } else {
        this.#report(error)
        this.#reason = 'internal error'
      }
    }
    await this.#release()
    this.#connection.end()
  }

  async #talk(): Promise<void> {
    if (this.#listener.options.implicitTls) await this.#beginTls()
    const refused = await this.#flow.connect()
    if (refused !== undefined) {
      await this.#respond(last(refusalOf(refused), 'refused'))
      return
    }
    // No `<…>` in it: that would offer APOP (RFC 1939 §7).
    await this.#respond(ok(`${this.#listener.hostname} POP3 server ready`))
    while (!this.#stopping) {
      this.#busy = false
      const read = await this.#connection.readLine(commandLimit, this.#patience())
      this.#busy = this.#authorization.maildrop !== undefined
      const answer = await this.#answer(read)
      if (answer === undefined) continue
      await this.#respond(answer)
      if (answer.closing !== undefined) return
    }
    this.#reason = stopReason
  }

  async #beginTls(): Promise<void> {
    const { tls } = this.#listener
    if (tls === undefined) return
    const options = await tls.options()
    this.#flow.secured(tlsFacts(await this.#connection.secure(options, this.#remaining())))
  }

  /** Writes an answer; where it is the last one, the reason is kept for the record. */
  async #respond(answer: Answer): Promise<void> {
    if (answer.closing !== undefined) this.#reason = answer.closing
    await this.#connection.write(`${answer.line}\r\n`)
  }

  #remaining(): number {
    return Math.max(0, this.#loginDeadline - this.#listener.clock.monotonic())
  }

  /** Milliseconds that the client may take for its next command. */
  #patience(): number {
    return this.#authorization.maildrop === undefined ? this.#remaining() : this.#listener.options.idleTimeout
  }

  async #answer(read: ReadResult): Promise<Answer | undefined> {
    switch (read.kind) {
      case 'line':
        return this.#counted(await this.#command(parseCommand(read.octets)))
      case 'too-long':
        return this.#counted(fault('The line is too long'))
      case 'flood':
        return this.#limit('line without end')
      case 'timeout':
        // RFC 1939 §3: the connection is closed without a response and without removing anything.
        return this.#cut('idle for too long')
      case 'closed':
        throw new ConnectionLost()
    }
  }

  async #command(command: Command | undefined): Promise<Answer | undefined> {
    if (command === undefined) return fault('Not a command')
    if (isHttp(command)) return last(fault('This is POP3'), 'HTTP request')
    const { maildrop } = this.#authorization
    if (command.keyword === 'QUIT')
      return command.rest === '' ? await this.#quit() : fault('No argument is expected')
    if (command.keyword === 'CAPA')
      return command.rest === '' ? await this.#capabilities() : fault('No argument is expected')
    if (maildrop === undefined) return await this.#authorization.run(command)
    this.#transaction ??= new Transaction(this.#connection, maildrop, (error) => this.#report(error))
    return await this.#transaction.run(command)
  }

  #counted(answer: Answer | undefined): Answer | undefined {
    if (answer?.fault !== true || answer.closing !== undefined) return answer
    this.#faults++
    return this.#faults < this.#listener.options.maxErrors ? answer : this.#limit('too many errors')
  }

  /** The client has gone too far: says so and closes. */
  #limit(reason: string): Answer {
    this.#log.info('limit-reached', { limit: reason })
    return last(fault(`Closing: ${reason}`), reason)
  }

  #cut(reason: string): undefined {
    this.#reason = reason
    this.#connection.destroy()
    return undefined
  }

  async #capabilities(): Promise<undefined> {
    const { mayLogIn, mayStartTls, maildrop } = this.#authorization
    const list = capabilities({ mayLogIn, mayStartTls: mayStartTls && maildrop === undefined })
    await this.#connection.write(`+OK Capabilities\r\n${list.join('\r\n')}\r\n.\r\n`)
    return undefined
  }

  /** The UPDATE state (RFC 1939 §6). The lock is given back before the answer: the client may come again at once. */
  async #quit(): Promise<Answer> {
    const { maildrop } = this.#authorization
    let answer = ok('Bye')
    if (maildrop !== undefined) {
      try {
        await maildrop.commit()
      } catch (error) {
        this.#report(error)
        answer = refusal('some deleted messages not removed', 'SYS/TEMP')
      }
      await this.#release()
    }
    return last(answer, 'QUIT')
  }

  async #release(): Promise<void> {
    try {
      await this.#authorization.maildrop?.close()
    } catch (error) {
      this.#report(error)
    }
  }

  #report(error: unknown): void {
    const code = errorCode(error)
    if (code === 'MAIL_E_IN_USE') this.#log.info('refused', { error })
    else if (code === undefined) this.#log.error('internal-error', { error })
    else this.#log.warn('unavailable', { error })
  }
}
