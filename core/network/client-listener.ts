import type { Socket } from 'node:net'
import { ConfigError } from '../errors.ts'
import type { SessionRole } from '../model/session.ts'
import type { Lifecycle, PluginContext } from '../plugin.ts'
import type { Certificates } from '../services/certificates.ts'
import { ArrivingClients } from './arriving-clients.ts'
import { type Endpoints, socketEndpoints } from './endpoints.ts'
import type { ProxyInput, ProxyOptions } from './proxied-endpoints.ts'
import { ServerTls } from './server-tls.ts'

/** What listeners for clients that log in have in common. */
export interface ClientListenerOptions {
  readonly host: string
  readonly port: number
  /** Who is believed in what a PROXY header says, and has to send one, in front of TLS; nobody where absent. */
  readonly proxy?: ProxyOptions | undefined
  readonly implicitTls: boolean
  readonly allowPlaintextLogin: boolean
  readonly maxConnections: number
}

/** What a config may write of them: everything may be left out. */
export type ClientListenerInput = Partial<Omit<ClientListenerOptions, 'proxy'>> & {
  readonly proxy?: ProxyInput
}

/** One client's session. */
export interface ClientSession {
  /** Resolves when it is over. Never rejects. */
  run(): Promise<void>
  /** Ends it, after what it is in the middle of. */
  stop(): Promise<void>
}

export interface ClientListener {
  readonly role: SessionRole
  /**
   * The protocol as ALPN names it (RFC 7301 §6), such as `['http/1.1']`: a client that speaks another one is turned away.
   * Where absent: the role, for `imap`, `pop3` and `managesieve`; of others nothing is asked.
   */
  readonly alpn?: readonly string[]
  readonly options: ClientListenerOptions
  readonly certificates: Certificates | undefined
  /** The line, without its end, that one connection too many is sent where that can be before TLS. */
  readonly overflow: string
  /** Called at the start of the plugin, before the first connection. */
  started?(): void
  /** The ends are for `flow.openSession`: those of the socket, or what a trusted proxy says. */
  begin(socket: Socket, tls: ServerTls | undefined, ends: Endpoints): ClientSession
}

/**
 * Listens for clients that log in, under TLS from the first octet or later. ConfigError where nobody could log in, since
 * there are no certificates and passwords may not go in clear.
 */
export function listenForClients(context: PluginContext, listener: ClientListener): Lifecycle {
  const { role, options, certificates } = listener
  if (certificates === undefined) requireLogin(options)
  const tls =
    certificates === undefined ? undefined : new ServerTls(certificates, alpnOf(listener), context.clock)
  const sessions = new Set<ClientSession>()
  const { host, port, maxConnections, implicitTls } = options
  const onOverflow = (socket: Socket): void => {
    if (implicitTls) socket.destroy()
    else socket.end(`${listener.overflow}\r\n`, () => socket.destroy())
  }
  const clients = new ArrivingClients(context, options.proxy, (socket, ends) => {
    const session = listener.begin(socket, tls, ends)
    sessions.add(session)
    void session.run().finally(() => sessions.delete(session))
  })
  context.listen({ role, host, port, maxConnections, implicitTls, onOverflow }, (socket) =>
    clients.take(socket, socketEndpoints(socket)),
  )
  return {
    start: async () => {
      listener.started?.()
      tls?.start()
    },
    drain: async () => {
      clients.stop()
      await Promise.all([...sessions].map((session) => session.stop()))
    },
    // Sessions have had their time: one that is left is in the middle of something that does not come back.
    stop: async () => tls?.stop(),
  }
}

const rolesOfAlpn: ReadonlySet<SessionRole> = new Set(['imap', 'pop3', 'managesieve'])

function alpnOf({ role, alpn }: ClientListener): readonly string[] {
  return alpn ?? (rolesOfAlpn.has(role) ? [role] : [])
}

function requireLogin({ implicitTls, allowPlaintextLogin }: ClientListenerOptions): void {
  if (implicitTls) throw new ConfigError('implicitTls', 'needs a plugin that provides "certificates"')
  if (allowPlaintextLogin) return
  throw new ConfigError(
    'allowPlaintextLogin',
    'must be true where no plugin provides "certificates": else nobody could log in',
  )
}
