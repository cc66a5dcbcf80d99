import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, errorCode, type Flow, type Log, type SessionFlow, type Store } from 'mailwright'
import {
  ConnectionLost,
  type Endpoints,
  LineConnection,
  type ReadResult,
  type ServerTls,
  type SessionCounts,
  sessionOver,
} from 'mailwright/network'
import { type Answer, fault, last, ok, refusal, refusalOf, type Say } from './answer.ts'
import { Authorization } from './authorization.ts'
import { capabilities } from './capabilities.ts'
import { type Command, commandLimit, isHttp, parseCommand, words } from './command.ts'
import type { Pop3Options } from './options.ts'
import { Speech } from './speech.ts'
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
  /** Sessions of each account and of each address. */
  readonly counts: SessionCounts
}

/**
 * One client's session: AUTHORIZATION, then TRANSACTION, then, at QUIT and only then, UPDATE (RFC 1939 §3). Make it,
 * then `run` it.
 */
export class Pop3Session {
  readonly #listener: Listener
  readonly #connection: LineConnection
  readonly #flow: SessionFlow
  readonly #speech: Speech
  readonly #authorization: Authorization
  readonly #log: Log
  readonly #loginDeadline: number
  #transaction: Transaction | undefined
  /** What takes this session off the counts that it is in. */
  readonly #leave: (() => void)[] = []
  /** A command of an opened maildrop is being answered. */
  #busy = false
  /** Why it is to end, where it is. */
  #stopping: string | undefined
  #faults = 0
  #reason = 'connection lost'
  /** What is being answered; for whoever asks why a session does not end. */
  #keyword: string | undefined
  /** Resolves when nothing more is done for the client and its maildrop is free again. */
  #ran: Promise<void> = Promise.resolve()
  readonly #gone: Promise<void>

  constructor(socket: Socket, ends: Endpoints, listener: Listener) {
    const { flow, store, tls, options, clock, log } = listener
    this.#listener = listener
    const end = (reason: string): void => this.#stop(reason)
    this.#flow = flow.openSession({ role: 'pop3', ...ends, end })
    this.#log = log.child({ session: this.#flow.session.id })
    this.#connection = new LineConnection(socket, clock, options.writeTimeout)
    // Why it has closed is known a moment later.
    this.#gone = this.#connection.closed.then(() => nextTurn()).then(() => this.#flow.close(this.#reason))
    this.#loginDeadline = clock.monotonic() + options.loginTimeout
    this.#speech = new Speech(this.#connection)
    this.#authorization = new Authorization({
      connection: this.#connection,
      speech: this.#speech,
      flow: this.#flow,
      store,
      tls,
      options,
      remaining: () => this.#remaining(),
      enter: (account) => this.#enter(`account ${account.id}`, options.maxConnectionsPerUser),
      onFailure: (error) => this.#report(error),
    })
  }

  /** Resolves when the session is over, its maildrop free again and its socket closed. Never rejects. */
  run(): Promise<void> {
    this.#ran = this.#run()
    return sessionOver({
      ended: this.#ran,
      closed: this.#gone,
      clock: this.#listener.clock,
      leave: () => {
        for (const leave of this.#leave) leave()
      },
      stuck: (level) => this.#log[level]('stuck', { text: 'the client has left', command: this.#keyword }),
    })
  }

  /** Ends the session; what it is in the middle of, a message under way or deletions at QUIT, is finished first. */
  async stop(): Promise<void> {
    this.#stop('server stops')
    await this.#ran
    await this.#gone
  }

  #stop(reason: string): void {
    this.#stopping ??= reason
    if (!this.#busy) this.#cut(this.#stopping)
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

  #enter(whose: string, most: number): (() => void) | undefined {
    // Who has left is taken off the counts once.
    if (this.#connection.isClosed) throw new ConnectionLost()
    const leave = this.#listener.counts.enter(whose, most)
    if (leave !== undefined) this.#leave.push(leave)
    return leave
  }

  async #talk(): Promise<void> {
    const { hostname, options } = this.#listener
    const { address } = this.#flow.session.remote
    // Before TLS, which costs more than a word.
    const isWelcome = this.#enter(`address ${address}`, options.maxConnectionsPerAddress) !== undefined
    if (isWelcome && options.implicitTls) await this.#beginTls()
    if (!isWelcome) return await this.#turnAway()
    const refused = await this.#flow.connect()
    if (refused !== undefined) {
      await this.#respond(last(refusalOf(refused), 'refused'))
      return
    }
    // No `<…>` in it: that would offer APOP (RFC 1939 §7).
    await this.#respond(ok((texts) => texts.ready(hostname)))
    while (this.#stopping === undefined) {
      this.#busy = false
      const read = await this.#connection.readLine(commandLimit, this.#patience())
      this.#busy = this.#authorization.maildrop !== undefined
      const answer = await this.#answer(read)
      if (answer === undefined) continue
      await this.#respond(answer)
      if (answer.closing !== undefined) return
    }
    this.#reason = this.#stopping
  }

  /** One connection too many of an address is told so, where it can be told before TLS. */
  async #turnAway(): Promise<void> {
    const reason = 'too many connections from the address'
    this.#log.info('limit-reached', { limit: reason })
    this.#reason = reason
    if (this.#listener.options.implicitTls) this.#connection.destroy()
    else
      await this.#respond(
        last(
          refusal((texts) => texts.tooManyFromAddress, 'SYS/TEMP'),
          reason,
        ),
      )
  }

  async #beginTls(): Promise<void> {
    const { tls } = this.#listener
    if (tls !== undefined) await this.#authorization.secure(await tls.options())
  }

  /** Writes an answer; where it is the last one, the reason is kept for the record. */
  async #respond(answer: Answer): Promise<void> {
    if (answer.closing !== undefined) this.#reason = answer.closing
    await this.#speech.say(answer)
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
        return this.#counted(fault((texts) => texts.lineTooLong))
      case 'flood':
        return this.#limit('line without end', (texts) => texts.lineWithoutEnd)
      case 'timeout':
        // RFC 1939 §3: the connection is closed without a response and without removing anything.
        return this.#cut('idle for too long')
      case 'closed':
        throw new ConnectionLost()
    }
  }

  async #command(command: Command | undefined): Promise<Answer | undefined> {
    if (command === undefined) return fault((texts) => texts.notACommand)
    if (isHttp(command))
      return last(
        fault((texts) => texts.otherProtocol),
        'HTTP request',
      )
    const { keyword, rest } = command
    this.#keyword = keyword
    if (keyword === 'LANG') return await this.#speech.choose(words(rest))
    if (keyword === 'QUIT' || keyword === 'CAPA') {
      if (rest !== '') return fault((texts) => texts.noArgument)
      return keyword === 'QUIT' ? await this.#quit() : await this.#capabilities()
    }
    const { maildrop, isUtf8 } = this.#authorization
    if (maildrop === undefined) return await this.#authorization.run(command)
    this.#transaction ??= new Transaction({
      connection: this.#connection,
      maildrop,
      isUtf8,
      speech: this.#speech,
      onFailure: (error) => this.#report(error),
    })
    return await this.#transaction.run(command)
  }

  #counted(answer: Answer | undefined): Answer | undefined {
    if (answer?.fault !== true || answer.closing !== undefined) return answer
    this.#faults++
    return this.#faults < this.#listener.options.maxErrors
      ? answer
      : this.#limit('too many errors', (texts) => texts.tooManyErrors)
  }

  /** The client has gone too far: says so and closes. */
  #limit(reason: string, say: Say): Answer {
    this.#log.info('limit-reached', { limit: reason })
    return last(fault(say), reason)
  }

  #cut(reason: string): undefined {
    this.#reason = reason
    this.#connection.destroy()
    return undefined
  }

  async #capabilities(): Promise<undefined> {
    const { mayLogIn, mayStartTls, mechanisms, maildrop } = this.#authorization
    const list = capabilities({ mayLogIn, mechanisms, mayStartTls: mayStartTls && maildrop === undefined })
    return await this.#speech.sayList((texts) => texts.capabilities, list)
  }

  /** The UPDATE state (RFC 1939 §6). The lock is given back before the answer: the client may come again at once. */
  async #quit(): Promise<Answer> {
    const { maildrop } = this.#authorization
    let answer = ok((texts) => texts.bye)
    if (maildrop !== undefined) {
      try {
        await maildrop.commit()
      } catch (error) {
        this.#report(error)
        answer = refusal((texts) => texts.notRemoved, 'SYS/TEMP')
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
