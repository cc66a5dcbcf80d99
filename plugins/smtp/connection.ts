import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import {
  type ChannelBinding,
  channelBinding,
  confirmedName,
  errorText,
  type Flow,
  formatReply,
  type Reply,
  reply,
  type Timer,
  type TlsFacts,
  tlsFacts,
} from 'mailwright'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import type { SMTPServer } from 'smtp-server/lib/smtp-server.js'
import { answerLine } from './dispatch.ts'
import type { Incoming } from './incoming.ts'
import { type LineFault, ProtocolStream } from './protocol-stream.ts'
import { earlyTalker, readyForTls, stopping, talkBehindStartTls, timedOut } from './replies.ts'
import { type Answer, type SmtpService, SmtpSession } from './session.ts'

/**
 * One client: the engine's connection (sockets, TLS upgrade, orderly closing) with our reading, timing and answering.
 * What the client says is answered by `answerLine`; here is only when, and what happens to the socket.
 */
export class Connection extends SMTPConnection {
  readonly #service: SmtpService
  readonly #flow: Flow
  readonly #ended = Promise.withResolvers<void>()
  #session: SmtpSession | undefined
  #timer: Timer | undefined
  #messageTimer: Timer | undefined
  #idle = false
  #draining = false
  /** The TLS socket while its handshake goes on; it has to be destroyed instead of the one below it. */
  #handshaking: Socket | undefined
  #reason = 'the client closed the connection'

  constructor(server: SMTPServer, service: SmtpService, flow: Flow, socket: Socket) {
    super(server, socket)
    this.#service = service
    this.#flow = flow
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
    this.#destroy()
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
    const tls = this.#tlsFacts()
    const flow = this.#flow.openSession({
      role: this.#service.options.role,
      local: { address: this.localAddress, port: this.localPort },
      remote: { address: this.remoteAddress, port: this.remotePort },
      ...(tls === undefined ? {} : { tls }),
    })
    const session = new SmtpSession(this.#service, flow)
    session.channelBinding = this.#channelBinding()
    this.#session = session
    this.#lookUpName(session)
    const refusal = await flow.connect()
    if (this.#isGone) return
    if (refusal !== undefined) return this.#dismiss(refusal, 'the client was refused')
    const stream = this.#stream
    if (stream?.talkedEarly === true) {
      this.#service.log.info('protocol-error', {
        session: flow.session.id,
        text: 'input before the greeting',
      })
      flow.record('refused', { by: 'smtp', text: formatReply(earlyTalker) })
      return this.#dismiss(earlyTalker, 'input before the greeting')
    }
    this.#write(reply(220, undefined, `${this.#service.hostname} ${this.#service.options.banner}`))
    stream?.open()
    this.#goOn()
  }

  /** Nobody waits for the name: a message that comes sooner goes without it. */
  #lookUpName(session: SmtpSession): void {
    const { resolver, log } = this.#service
    if (resolver === undefined) return
    confirmedName(resolver, this.remoteAddress).then(
      (name) => {
        session.clientName = name
      },
      (error) => log.debug('unavailable', { session: session.flow.session.id, error }),
    )
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
    const answer = await answerLine(session, line, fault)
    if (answer.next === 'secure') return this.#startTls(session)
    if (answer.late !== true) await this.#answer(answer)
    if (answer.incoming !== undefined) await this.#receive(answer.incoming)
  }

  async #answer(answer: Answer): Promise<void> {
    const { reply } = answer
    if (this.#isGone) return
    if (answer.next === 'close') return this.#dismiss(reply, reply.code === 221 ? 'QUIT' : formatReply(reply))
    if (reply.code === 421) return this.#dismiss(reply, formatReply(reply))
    this.#write(reply)
    for (const further of answer.more ?? []) this.#write(further)
    if (answer.incoming !== undefined) return
    this.#goOn()
    await new Promise<void>((resolve) => this._whenWritable(resolve))
  }

  async #receive(incoming: Incoming): Promise<void> {
    if (this.#isGone) return
    if (incoming.isComplete) return this.#answer(await incoming.end())
    const { clock, options } = this.#service
    const { dataBlock, message } = options.timeouts
    this.#messageTimer = clock.after(message, () => this.#late())
    this.#expectWithin(dataBlock)
    this.#stream?.receive(async (chunk) => {
      this.#busy()
      const used = await incoming.push(chunk)
      if (used === undefined) {
        this.#expectWithin(dataBlock)
        return undefined
      }
      this.#messageTimer?.cancel()
      await this.#answer(await incoming.end())
      return used
    })
  }

  /** RFC 3207 §4.2: nothing that came in clear may count under TLS, so nothing at all may stand behind the command. */
  #startTls(session: SmtpSession): Promise<void> | void {
    if (this.#stream?.hasMore === true || this._socket.readableLength > 0) {
      this.#service.log.info('protocol-error', {
        session: session.flow.session.id,
        text: 'input behind STARTTLS',
      })
      session.flow.record('refused', { by: 'smtp', text: formatReply(talkBehindStartTls) })
      return this.#dismiss(talkBehindStartTls, 'input behind STARTTLS')
    }
    this.#write(readyForTls)
    return new Promise((resolve) => this.upgrade(resolve, () => this.#secured(session)))
  }

  #secured(session: SmtpSession): void {
    const tls = this.#tlsFacts()
    if (tls === undefined) {
      this.cut()
      return
    }
    session.secured(tls, this.#channelBinding())
    this.#stream?.open()
    this.#goOn()
  }

  #tlsFacts(): TlsFacts | undefined {
    return this._socket instanceof TLSSocket ? tlsFacts(this._socket) : undefined
  }

  #channelBinding(): ChannelBinding | undefined {
    return this._socket instanceof TLSSocket ? channelBinding(this._socket) : undefined
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
    this.#reason = reason
    this.#write(reply)
    this.close()
  }

  /** It is the client's turn; unless the server is stopping and no message is under way. */
  #goOn(): void {
    if (this.#isGone) return
    if (this.#draining && this.#session?.transaction === undefined) {
      this.#dismiss(stopping, 'the server is stopping')
      // Nothing is expected from the client any more, so there is nothing to wait for but that the reply is out.
      this._socket.end(() => this._socket.destroy())
      return
    }
    this.#idle = true
    this.#expectWithin(this.#service.options.timeouts.command)
  }

  #busy(): void {
    this.#idle = false
    this.#timer?.cancel()
  }

  #expectWithin(milliseconds: number): void {
    this.#timer?.cancel()
    this.#timer = this.#service.clock.after(milliseconds, () => this.#late())
  }

  #late(): void {
    this.#dismiss(timedOut, 'timeout')
  }

  /** The engine's own idle timeout is one for all phases; of its calls only the one for a handshake matters. */
  override _armTimeout(socket: Socket = this._socket): void {
    if (socket === this._socket) return
    this.#handshaking = socket
    this.#timer?.cancel()
    this.#timer = this.#service.clock.after(this.#service.options.timeouts.handshake, () => {
      this.#reason = 'timeout in the TLS handshake'
      this.#destroy()
    })
  }

  #destroy(): void {
    const socket = this._upgrading ? this.#handshaking : this._socket
    socket?.destroy()
  }

  override _onError(error: Error): void {
    if (!this.#isGone) this.#reason = errorText(error)
    this.#service.log.debug('protocol-error', { session: this.#session?.flow.session.id, error })
    this.close()
  }

  override close(): void {
    this.#busy()
    super.close()
  }

  override _onClose(): void {
    super._onClose()
    this.#busy()
    this.#messageTimer?.cancel()
    this.#session?.end(this.#reason)
    this.#ended.resolve()
  }
}
