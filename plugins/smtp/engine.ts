import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import {
  type Endpoint,
  type Endpoints,
  errorText,
  expectsProxyHeader,
  type Flow,
  formatReply,
  type ProxyFault,
  proxiedEndpoints,
  socketEndpoints,
  socketFileEndpoints,
} from 'mailwright'
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

/**
 * smtp-server's server without its socket: connections are handed in by the core, which owns the listener, and TLS
 * keys come from the certificates service, never from the engine's built-in key, which everybody knows.
 */
export class Engine extends SMTPServer {
  readonly #service: SmtpService
  readonly #flow: Flow
  readonly #contexts: SecureContexts | undefined
  readonly #live = new Set<Connection>()
  /** Those whose PROXY header has not come. */
  readonly #proxied = new Set<Socket>()
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
    this.on('error', (error) => service.log.debug('protocol-error', { error }))
  }

  /** Takes a client. */
  override connect(socket: Socket): void {
    const { options, clock } = this.#service
    if (this.#stopping) {
      this.#turnAway(socket, formatReply(stopping))
      return
    }
    const ends = options.path === undefined ? socketEndpoints(socket) : socketFileEndpoints(options.path)
    if (options.proxy === undefined || !expectsProxyHeader(options.proxy, ends)) {
      this.#begin(socket, ends)
      return
    }
    this.#proxied.add(socket)
    void proxiedEndpoints(socket, ends, options.proxy, clock).then((outcome) => {
      this.#proxied.delete(socket)
      if ('problem' in outcome) this.#refuseProxy(socket, ends, outcome)
      else this.#begin(socket, outcome, outcome === ends ? undefined : ends.remote)
    })
  }

  #begin(socket: Socket, ends: Endpoints, proxy?: Endpoint): void {
    const trust = trustIn(ends, this.#service.options)
    const client = { ends, trust, ...(proxy === undefined ? {} : { proxy }) }
    if (this.#contexts?.fallback !== undefined) this.secureContext.set('*', this.#contexts.fallback)
    const connection = new Connection(this, this.#service, this.#flow, socket, client)
    this.#live.add(connection)
    connection.ended.then(
      () => this.#live.delete(connection),
      () => undefined,
    )
    connection.init()
  }

  /** Without a word: nobody knows what the other side takes it for. Somebody has to know of it here, where it is a fault of the config. */
  #refuseProxy(socket: Socket, { remote }: Endpoints, { problem }: ProxyFault): void {
    if (problem !== undefined)
      this.#service.log.warn('protocol-error', { text: problem, remote: remote.address })
    socket.destroy()
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
    for (const socket of this.#proxied) socket.destroy()
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
