import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { errorText, type Flow, formatReply, type Reply, reply } from 'mailwright'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import type { SMTPServer } from 'smtp-server/lib/smtp-server.js'
import { type Client, openSession, secureFacts } from './client.ts'
import { Deadlines } from './deadlines.ts'
import { answerLine } from './dispatch.ts'
import { toldHello } from './greeting.ts'
import { Handshake } from './handshake.ts'
import type { Incoming } from './incoming.ts'
import { type LineFault, ProtocolStream } from './protocol-stream.ts'
import { RefusedClient } from './refused-client.ts'
import { earlyTalker, overlong, readyForTls, stopping, talkBehindStartTls, timedOut } from './replies.ts'
import { type Answer, repliesOf, type SmtpService, type SmtpSession } from './session.ts'

/**
 * One client: the engine's connection (sockets, TLS upgrade, orderly closing) with our reading, timing and answering.
 * What the client says is answered by `answerLine`; here is only when, and what happens to the socket.
 */
export class Connection extends SMTPConnection {
  readonly #service: SmtpService
  readonly #flow: Flow
  readonly #client: Client
  readonly #deadlines: Deadlines
  readonly #ended = Promise.withResolvers<void>()
  #session: SmtpSession | undefined
  #idle = false
  #draining = false
  /** What is said when it is the client's turn the next time, and why that is the end. */
  #dismissal: { readonly reply: Reply; readonly reason: string } | undefined
  #refused: RefusedClient | undefined
  #handshake: Handshake | undefined
  #error: Error | undefined
  #reason = 'the client closed the connection'

  constructor(server: SMTPServer, service: SmtpService, flow: Flow, socket: Socket, client: Client) {
    super(server, socket)
    this.#service = service
    this.#flow = flow
    this.#client = client
    this.#deadlines = new Deadlines(service.clock, service.options.timeouts, {
      late: () => (this.#refused ? this.#hangUp(timedOut, 'timeout') : this.#dismiss(timedOut, 'timeout')),
      overlong: () => this.#dismissSoon(overlong, 'the session took too long'),
      stuck: () => this.#handshake?.late(),
    })
    // A client may close its side behind its last command and still wants the replies.
    socket.allowHalfOpen = true
  }

  /** Resolves when the connection is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /** The server stops: closes now where the client waits for nothing, else behind the message that is under way. */
  drain(): void {
    this.#draining = true
    if (this._upgrading) this.cut()
    else if (this.#idle) this.#goOn()
  }

  /** Ends the connection at once, whatever it is doing. */
  cut(): void {
    this.#reason = 'the server is stopping'
    this.#write(stopping)
    if (this._upgrading) this.#handshake?.abandon()
    else this._socket.destroy()
  }

  override init(): void {
    this._setListeners(() => {
      this.#begin().catch((error) => {
        this.#service.log.error('internal-error', { error })
        this.cut()
      })
    })
  }

  async #begin(): Promise<void> {
    // What a client sent without waiting for the greeting is in the socket's buffer by now; two turns of the event
    // loop bring it in, where a fixed pause would make every honest client wait (RFC 5321 §4.3.1).
    await nextTurn()
    await nextTurn()
    if (this.#isGone) return
    this.#deadlines.begin()
    const session = await this.#enter(this.#client)
    if (session === undefined) return
    if (this.#stream?.talkedEarly === true)
      return this.#dismissTalker(session, earlyTalker, 'input before the greeting')
    this.#stream?.open()
    this.#greet()
  }

  /** Begins a session; undefined where it has ended already. */
  async #enter(client: Client): Promise<SmtpSession | undefined> {
    const session = openSession(this.#service, this.#flow, client, secureFacts(this._socket), (reason) =>
      this.#dismissSoon(reply(421, '4.7.0', reason), reason),
    )
    this.#session = session
    const refusal = await session.flow.connect()
    if (this.#isGone) return undefined
    if (refusal === undefined) return session
    this.#turnAway(new RefusedClient(refusal))
    return undefined
  }

  #turnAway(refused: RefusedClient): void {
    this.#refused = refused
    this.#reason = 'the client was refused'
    if (this.#service.isNearlyFull) this.#hangUp(refused.greeting, this.#reason)
    else this.#write(refused.greeting)
    if (!refused.mayStay) this.close()
    this.#deadlines.farewell()
    this.#stream?.open()
    this.#goOn()
  }

  #greet(): void {
    this.#write(reply(220, undefined, `${this.#service.hostname} ${this.#service.options.banner}`))
    this.#goOn()
  }

  /** Somebody whose word is taken speaks for another client: all begins anew, but for TLS. */
  async #restart(former: SmtpSession, client: Client): Promise<void> {
    former.end('XCLIENT')
    const session = await this.#enter({ ...client, formerly: former.flow.session.id })
    if (session === undefined) return
    if (client.hello !== undefined) await toldHello(session, client.hello)
    this.#greet()
  }

  override _createParser(): ProtocolStream {
    // Called by the base class before the fields of this one exist.
    const stream = new ProtocolStream((line, fault) => this.#line(line, fault))
    stream.on('error', (error) => {
      this.#service.log.error('internal-error', { error })
      this.cut()
    })
    // The client has closed its side, and all that it said is answered.
    stream.on('finish', () => this.close())
    return stream
  }

  async #line(line: Buffer, fault: LineFault | undefined): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    this.#busy()
    const answer = this.#refused?.answer(line) ?? (await answerLine(session, line, fault))
    if (answer.next === 'secure') return this.#startTls(session)
    if (answer.client !== undefined) return this.#restart(session, answer.client)
    if (answer.late !== true) await this.#answer(answer)
    if (answer.incoming !== undefined) await this.#receive(answer.incoming)
  }

  async #answer(answer: Answer): Promise<void> {
    if (this.#isGone) return
    for (const reply of repliesOf(answer)) {
      if (reply.code === 421 || answer.next === 'close')
        return this.#dismiss(reply, reply.code === 221 ? 'QUIT' : formatReply(reply))
      this.#write(reply)
    }
    if (answer.incoming !== undefined) return
    this.#goOn()
    await new Promise<void>((resolve) => this._whenWritable(resolve))
  }

  async #receive(incoming: Incoming): Promise<void> {
    if (this.#isGone) return
    if (incoming.isComplete) return this.#answer(await incoming.end())
    this.#deadlines.message(this.#session?.reception?.startedAt ?? this.#service.clock.monotonic())
    this.#deadlines.block()
    this.#stream?.receive(async (chunk) => {
      this.#busy()
      const used = await incoming.push(chunk)
      if (used === undefined) this.#deadlines.block()
      else {
        this.#deadlines.noMessage()
        await this.#answer(await incoming.end())
      }
      return used
    })
  }

  /** RFC 3207 §4.2: nothing that came in clear may count under TLS, so nothing at all may stand behind the command. */
  #startTls(session: SmtpSession): Promise<void> | void {
    if (this.#stream?.hasMore === true || this._socket.readableLength > 0)
      return this.#dismissTalker(session, talkBehindStartTls, 'input behind STARTTLS')
    this.#write(readyForTls)
    return new Promise((resolve) => this.upgrade(resolve, () => this.#secured(session)))
  }

  #secured(session: SmtpSession): void {
    const { tls, channelBinding } = secureFacts(this._socket)
    if (tls === undefined) {
      this.cut()
      return
    }
    session.secured(tls, channelBinding)
    this.#stream?.open()
    this.#goOn()
  }

  get #stream(): ProtocolStream | undefined {
    return this._parser instanceof ProtocolStream ? this._parser : undefined
  }

  get #isGone(): boolean {
    return this._closing || this._closed || this._socket.destroyed
  }

  #write(reply: Reply): void {
    // During a handshake the socket is the one below TLS, and a reply in clear would break it.
    if (!this._upgrading && this._socket.writable) this._socket.write(`${formatReply(reply)}\r\n`)
  }

  #dismiss(reply: Reply, reason: string): void {
    if (this.#isGone) return
    if (this.#refused === undefined) this.#reason = reason
    this.#write(reply)
    this.close()
  }

  /** Nothing is expected from the client any more, so there is nothing to wait for but that the reply is out. */
  #hangUp(reply: Reply, reason: string): void {
    this.#dismiss(reply, reason)
    this._socket.end(() => this._socket.destroy())
  }

  /** Behind the message that is coming, where one is. */
  #dismissSoon(reply: Reply, reason: string): void {
    this.#dismissal ??= { reply, reason }
    if (this.#idle) this.#goOn()
  }

  /** For what was said where nothing may be said. */
  #dismissTalker({ flow }: SmtpSession, reply: Reply, text: string): void {
    this.#service.log.info('protocol-error', { session: flow.session.id, text })
    flow.record('refused', { by: 'smtp', text: formatReply(reply) })
    this.#dismiss(reply, text)
  }

  /** It is the client's turn; unless the server is stopping and no message is under way, or the session has lasted long enough. */
  #goOn(): void {
    if (this.#isGone) return
    const dismissal = this.#dismissal
    if (dismissal !== undefined) this.#dismiss(dismissal.reply, dismissal.reason)
    else if (this.#draining && this.#session?.transaction === undefined)
      this.#hangUp(stopping, 'the server is stopping')
    else {
      this.#idle = true
      this.#deadlines.command()
    }
  }

  #busy(): void {
    this.#idle = false
    this.#deadlines.none()
  }

  /** The engine's own idle timeout is one for all phases; of its calls only the one for a handshake matters. */
  override _armTimeout(socket: Socket = this._socket): void {
    if (socket === this._socket) return
    this.#handshake = new Handshake(socket, this._socket, (reason) => this.#notSecured(reason))
    this.#deadlines.handshake()
  }

  /** TLS tells of one error by several events. */
  override _onError(error: Error): void {
    if (this._upgrading) this.#handshake?.failed(error)
    else if (error !== this.#error) {
      this.#error = error
      if (!this.#isGone) this.#reason = errorText(error)
      this.#service.log.debug('protocol-error', { session: this.#session?.flow.session.id, error })
    }
    this.close()
  }

  /** With TLS from the first octet a session begins behind it; one that never does has its record all the same. */
  #notSecured(reason: string): void {
    const { role } = this.#service.options
    const flow = this.#session?.flow ?? this.#flow.openSession({ role, ...this.#client.ends })
    flow.notSecured(reason)
    flow.close()
  }

  override close(): void {
    this.#busy()
    super.close()
  }

  override _onClose(): void {
    if (this._upgrading) this.#handshake?.failed(null)
    super._onClose()
    this.#idle = false
    this.#deadlines.end()
    this.#session?.end(this.#reason)
    this.#ended.resolve()
  }
}
