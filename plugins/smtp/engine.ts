import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { errorText, type Flow, formatReply } from 'mailwright'
import { SMTPServer } from 'smtp-server'
import { Connection } from './connection.ts'
import { stopping, tooManyConnections } from './replies.ts'
import type { SecureContexts } from './secure-contexts.ts'
import type { SmtpService } from './session.ts'

/**
 * smtp-server's server without its socket: connections are handed in by the core, which owns the listener, and TLS
 * keys come from the certificates service, never from the engine's built-in key, which everybody knows.
 */
export class Engine extends SMTPServer {
  readonly #service: SmtpService
  readonly #flow: Flow
  readonly #contexts: SecureContexts | undefined
  readonly #live = new Set<Connection>()
  #stopping = false

  constructor(service: SmtpService, flow: Flow, contexts: SecureContexts | undefined) {
    const { implicitTls } = service.options
    super({ name: service.hostname, logger: false, secure: implicitTls, needsUpgrade: implicitTls })
    this.secureContext.clear()
    this.#service = service
    this.#flow = flow
    this.#contexts = contexts
    this.on('error', (error) => service.log.debug('protocol-error', { error }))
  }

  /** Takes a client. */
  override connect(socket: Socket): void {
    if (this.#stopping) {
      this.#turnAway(socket, formatReply(stopping))
      return
    }
    if (this.#contexts?.fallback !== undefined) this.secureContext.set('*', this.#contexts.fallback)
    const connection = new Connection(this, this.#service, this.#flow, socket)
    this.#live.add(connection)
    connection.ended.then(
      () => this.#live.delete(connection),
      () => undefined,
    )
    connection.init()
  }

  /** Answers a client above the limit. */
  overflow(socket: Socket): void {
    this.#service.log.warn('limit-reached', { text: 'too many connections', remote: socket.remoteAddress })
    this.#turnAway(socket, formatReply(tooManyConnections))
  }

  #turnAway(socket: Socket, text: string): void {
    socket.on('error', () => undefined)
    if (this.#service.options.implicitTls) socket.destroy()
    else socket.end(`${text}\r\n`, () => socket.destroy())
  }

  /** Ends idle sessions at once, busy ones behind their message, and all of them when the time for it is over. */
  async stop(): Promise<void> {
    this.#stopping = true
    const ended = [...this.#live].map((connection) => connection.ended)
    if (ended.length === 0) return
    for (const connection of this.#live) connection.drain()
    const timer = this.#service.clock.after(this.#service.options.timeouts.stop, () => {
      for (const connection of this.#live) connection.cut()
    })
    await Promise.all(ended)
    timer.cancel()
  }

  override _resolveSNI(
    serverName: string,
    done: (error: Error | null, context?: SecureContext) => void,
  ): void {
    if (this.#contexts === undefined) {
      done(new Error('there are no certificates'))
      return
    }
    this.#contexts.forName(serverName).then(
      (context) => done(null, context),
      (error: unknown) => {
        this.#service.log.warn('certificate', { text: `none for ${serverName}: ${errorText(error)}` })
        done(null, this.#contexts?.fallback)
      },
    )
  }
}
