import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { errorText, type Flow, formatReply } from 'mailwright'
import { ArrivingClients, type Endpoints, socketEndpoints, socketFileEndpoints } from 'mailwright/network'
import { SMTPServer } from 'smtp-server'
import { TLS_SOCKET_OPTIONS } from 'smtp-server/lib/smtp-connection.js'
import { trustIn } from './client.ts'
import { Connection } from './connection.ts'
import { stopping, tooManyConnections } from './replies.ts'
import type { SecureContexts } from './secure-contexts.ts'
import type { SmtpService } from './session.ts'

// No name is registered for SMTP; these are used where one is sent at all. Who offers others only was led here by somebody
// (RFC 7301 §3.2).
const alpn = { ALPNProtocols: ['smtp', 'esmtp'] }
// The engine hands on what it lists of the options of a TLS socket, and lists no ALPN.
TLS_SOCKET_OPTIONS.push('ALPNProtocols')

// The part of `maxConnections` from which on the room that is left is for those who are served.
const nearlyFull = 0.9

/**
 * smtp-server's server without its socket: connections are handed in by the core, which owns the listener, and TLS
 * keys come from the certificates service, never from the engine's built-in key, which everybody knows.
 */
export class Engine extends SMTPServer {
  readonly #service: SmtpService
  readonly #flow: Flow
  readonly #contexts: SecureContexts | undefined
  readonly #live = new Set<Connection>()
  readonly #arriving: ArrivingClients
  #stopping = false

  constructor(service: SmtpService, flow: Flow, contexts: SecureContexts | undefined) {
    const { implicitTls, clientCertificates } = service.options
    super({
      name: service.hostname,
      logger: false,
      secure: implicitTls,
      needsUpgrade: implicitTls,
      // Whatever is shown, it is for plugins to say what follows from it: the handshake goes on.
      requestCert: clientCertificates === 'ask',
      rejectUnauthorized: false,
      ...alpn,
    })
    this.secureContext.clear()
    this.#service = service
    this.#flow = flow
    this.#contexts = contexts
    this.#arriving = new ArrivingClients(service, service.options.proxy, (socket, ends) =>
      this.#begin(socket, ends),
    )
    this.on('error', (error) => service.log.debug('protocol-error', { error }))
  }

  /** Takes a client. */
  override async connect(socket: Socket): Promise<void> {
    const { path } = this.#service.options
    if (this.#stopping) this.#turnAway(socket, formatReply(stopping))
    else
      await this.#arriving.take(
        socket,
        path === undefined ? socketEndpoints(socket) : socketFileEndpoints(path),
      )
  }

  #begin(socket: Socket, ends: Endpoints): void {
    const client = { ends, trust: trustIn(ends, this.#service.options) }
    if (this.#contexts?.fallback !== undefined) this.secureContext.set('*', this.#contexts.fallback)
    const connection = new Connection(this, this.#service, this.#flow, socket, client)
    this.#live.add(connection)
    connection.ended.then(
      () => this.#live.delete(connection),
      () => undefined,
    )
    connection.init()
  }

  get isNearlyFull(): boolean {
    return this.#live.size >= nearlyFull * this.#service.options.maxConnections
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

  /** Ends idle sessions at once, busy ones behind their message, and all of them with a 421 when the time for it is over. */
  async stop(over?: AbortSignal): Promise<void> {
    this.#stopping = true
    this.#arriving.stop()
    const ended = [...this.#live].map((connection) => connection.ended)
    if (ended.length === 0) return
    for (const connection of this.#live) connection.drain()
    const cut = (): void => {
      for (const connection of this.#live) connection.cut()
    }
    const timer = this.#service.clock.after(this.#service.options.timeouts.stop, cut)
    over?.addEventListener('abort', cut)
    await Promise.all(ended)
    over?.removeEventListener('abort', cut)
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
