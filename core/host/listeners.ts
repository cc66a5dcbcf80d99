import { createServer, type Server, type Socket } from 'node:net'
import { MailwrightError } from '../errors.ts'
import type { SessionRole } from '../model/session.ts'
import type { ListenOptions } from '../plugin.ts'

/** What a plugin asked for with `listen`. */
export interface ListenRequest {
  /** The plugin instance. */
  readonly plugin: string
  readonly options: ListenOptions
  readonly onConnection: (socket: Socket) => void
}

/** A listener that takes connections. */
export interface OpenListener {
  readonly plugin: string
  readonly role: SessionRole
  readonly host: string
  /** The real one where 0 was asked for. */
  readonly port: number
  readonly implicitTls: boolean
}

/**
 * Listening sockets. They outlive one host, so that a reload can hand them to the next one without refusing a single
 * connection in between.
 */
export interface ListenerPool {
  /** Opens what is not open yet, then hands all the requests' sockets to this owner. All or nothing: MAIL_E_START. */
  adopt(owner: object, requests: readonly ListenRequest[]): Promise<readonly OpenListener[]>
  /** Closes what still belongs to this owner. Connections go on. */
  release(owner: object): Promise<void>
  /** Ends the connections that were accepted for this owner. */
  cut(owner: object): void
}

interface Listener {
  owner: object
  request: ListenRequest
  readonly server: Server
}

/** The pool of real sockets. */
export function createListenerPool(): ListenerPool {
  const open = new Map<string, Listener>()
  const connections = new Map<Socket, object>()
  return {
    async adopt(owner, requests) {
      const keys = keysOf(requests)
      const wanted = requests.map((request, index) => ({ key: keys[index] ?? '', request }))
      const fresh: [string, Listener][] = []
      try {
        for (const { key, request } of wanted) {
          if (!open.has(key)) fresh.push([key, await openListener(owner, request, connections)])
        }
      } catch (error) {
        for (const [, listener] of fresh) listener.server.close()
        throw error
      }
      for (const [key, listener] of fresh) open.set(key, listener)
      return wanted.map(({ key, request }) => take(open.get(key), owner, request))
    },
    async release(owner) {
      const mine = [...open].filter(([, listener]) => listener.owner === owner)
      for (const [key] of mine) open.delete(key)
      for (const [, listener] of mine) listener.server.close()
    },
    cut(owner) {
      for (const [socket, own] of connections) if (own === owner) socket.destroy()
    },
  }
}

/**
 * One key for each request; two of the same want the same socket. Where the system chooses the port, each request is a
 * socket of its own, and a plugin's n-th is the same one after a reload.
 */
export function keysOf(requests: readonly ListenRequest[]): readonly string[] {
  const counts = new Map<string, number>()
  return requests.map(({ plugin, options: { host, port } }) => {
    if (port !== 0) return `${host}:${port}`
    const key = `${host}:0:${plugin}`
    const count = counts.get(key) ?? 0
    counts.set(key, count + 1)
    return `${key}:${count}`
  })
}

function take(listener: Listener | undefined, owner: object, request: ListenRequest): OpenListener {
  if (listener === undefined)
    throw new MailwrightError('MAIL_E_START', 'a listener was closed while it was opened')
  listener.owner = owner
  listener.request = request
  const { plugin, options } = request
  return {
    plugin,
    role: options.role,
    host: options.host,
    port: portOf(listener.server),
    implicitTls: options.implicitTls ?? false,
  }
}

async function openListener(
  owner: object,
  request: ListenRequest,
  connections: Map<Socket, object>,
): Promise<Listener> {
  const server = createServer({ noDelay: true, keepAlive: true })
  const listener: Listener = { owner, request, server }
  let open = 0
  server.on('connection', (socket) => {
    // An error of a socket ends that connection; without a listener it would end the process.
    socket.on('error', () => socket.destroy())
    open++
    connections.set(socket, listener.owner)
    socket.on('close', () => {
      open--
      connections.delete(socket)
    })
    const { options, onConnection } = listener.request
    if (open <= (options.maxConnections ?? Number.POSITIVE_INFINITY)) onConnection(socket)
    else overflow(socket, options)
  })
  const { host, port } = request.options
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(request, error)))
    server.listen({ host, port, exclusive: true }, resolve)
  })
  server.removeAllListeners('error')
  // Such as EMFILE at accept: the connection is lost, the listener goes on.
  server.on('error', () => undefined)
  return listener
}

function overflow(socket: Socket, options: ListenOptions): void {
  try {
    if (options.onOverflow === undefined) socket.destroy()
    else options.onOverflow(socket)
  } catch {
    socket.destroy()
  }
}

function cannotListen({ plugin, options }: ListenRequest, error: NodeJS.ErrnoException): MailwrightError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program listens there',
    EACCES: 'ports below 1024 need root or CAP_NET_BIND_SERVICE',
    EADDRNOTAVAIL: 'this machine has no such address',
  }
  const reason = reasons[error.code ?? ''] ?? error.message
  return new MailwrightError(
    'MAIL_E_START',
    `${plugin} cannot listen on ${options.host} port ${options.port}: ${reason}`,
    {
      cause: error,
    },
  )
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
