import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { MailwrightError } from '../errors.ts'
import type { SessionRole } from '../model/session.ts'
import type { ListenOptions } from '../plugin.ts'
import { isWorker } from '../workers/worker.ts'
import type { InheritedSockets } from './inherited-sockets.ts'
import { openSocketFile, type SocketFile } from './socket-file.ts'

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
  /** Absent for a Unix socket. */
  readonly host?: string
  /** The real one where 0 was asked for; 0 for a Unix socket. */
  readonly port: number
  /** Of a Unix socket. */
  readonly path?: string
  readonly implicitTls: boolean
}

/** Where a listener is, for people: `127.0.0.1 port 25`, or the path of a Unix socket. */
export function placeOf({ host, port, path }: Place): string {
  return path ?? `${host} port ${port}`
}

interface Place {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly path?: string | undefined
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
  /** Of a Unix socket. */
  file: SocketFile | undefined
}

/** The pool of real sockets. What was inherited is taken before anything is opened. */
export function createListenerPool(inherited?: InheritedSockets): ListenerPool {
  const open = new Map<string, Listener>()
  const connections = new Map<Socket, object>()
  return {
    async adopt(owner, requests) {
      const keys = keysOf(requests)
      const wanted = requests.map((request, index) => ({ key: keys[index] ?? '', request }))
      const fresh: [string, Listener][] = []
      try {
        for (const { key, request } of wanted) {
          if (!open.has(key)) fresh.push([key, await openListener(owner, request, connections, inherited)])
        }
        for (const { key, request } of wanted) await setMode(open.get(key), request)
      } catch (error) {
        for (const [, listener] of fresh) await close(listener)
        throw error
      }
      for (const [key, listener] of fresh) open.set(key, listener)
      return wanted.map(({ key, request }) => take(open.get(key), owner, request))
    },
    async release(owner) {
      const mine = [...open].filter(([, listener]) => listener.owner === owner)
      for (const [key] of mine) open.delete(key)
      await Promise.all(mine.map(([, listener]) => close(listener)))
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
  return requests.map(({ plugin, options }) => {
    if (options.path !== undefined) return options.path
    const { host, port } = options
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
  const { role, implicitTls = false } = options
  if (options.path !== undefined) return { plugin, role, path: options.path, port: 0, implicitTls }
  return { plugin, role, host: options.host, port: portOf(listener.server), implicitTls }
}

/** A socket that is taken over gets the permissions that the new owner wants. */
async function setMode(listener: Listener | undefined, request: ListenRequest): Promise<void> {
  try {
    await listener?.file?.setMode(modeOf(request.options))
  } catch (error) {
    throw cannotListen(request, error as NodeJS.ErrnoException)
  }
}

function modeOf(options: ListenOptions): number {
  return (options.path === undefined ? undefined : options.mode) ?? 0o600
}

async function close(listener: Listener): Promise<void> {
  // Before it stops to listen: who connects in between would be turned away by a socket that is still there.
  await listener.file?.remove().catch(() => undefined)
  listener.server.close()
}

async function openListener(
  owner: object,
  request: ListenRequest,
  connections: Map<Socket, object>,
  inherited: InheritedSockets | undefined,
): Promise<Listener> {
  const server = createServer({ noDelay: true, keepAlive: true })
  const listener: Listener = { owner, request, server, file: undefined }
  let open = 0
  server.on('connection', (socket) => {
    // An error of a socket ends that connection; without a listener it would end the process.
    socket.on('error', () => socket.destroy())
    if (hasLeft(socket, listener.request.options)) {
      socket.destroy()
      return
    }
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
  try {
    const fd = inherited?.claim(request.plugin, request.options)
    listener.file = fd === undefined ? await listen(server, request.options) : await listenAt(server, fd)
  } catch (error) {
    throw cannotListen(request, error as NodeJS.ErrnoException)
  }
  // Such as EMFILE at accept: the connection is lost, the listener goes on.
  server.on('error', () => undefined)
  return listener
}

/**
 * Whether a client has reset its connection before it was accepted, as balancers do that look whether a port is open. It has no address,
 * and nobody could tell it from a client of a Unix socket.
 */
function hasLeft(socket: Socket, { path }: ListenOptions): boolean {
  return path === undefined && socket.remoteAddress === undefined
}

async function listen(server: Server, options: ListenOptions): Promise<SocketFile | undefined> {
  if (options.path !== undefined) return openSocketFile(server, options.path, modeOf(options))
  const { host, port } = options
  // Several workers share what the process that keeps them has opened.
  server.listen({ host, port, exclusive: !isWorker })
  await once(server, 'listening')
  return undefined
}

async function listenAt(server: Server, fd: number): Promise<undefined> {
  server.listen({ fd })
  await once(server, 'listening')
}

function overflow(socket: Socket, options: ListenOptions): void {
  try {
    if (options.onOverflow === undefined) socket.destroy()
    else options.onOverflow(socket)
  } catch {
    socket.destroy()
  }
}

const portFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'ports below 1024 need root or CAP_NET_BIND_SERVICE; after `user` has taken effect, a new start',
  EADDRNOTAVAIL: 'this machine has no such address',
}

const fileFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  ENOTSOCK: 'something is there that is no socket',
  ENOENT: 'its folder does not exist',
  ENAMETOOLONG: 'the path is too long for a Unix socket',
}

function cannotListen({ plugin, options }: ListenRequest, error: NodeJS.ErrnoException): MailwrightError {
  const reasons = options.path === undefined ? portFaults : fileFaults
  const reason = reasons[error.code ?? ''] ?? error.message
  const problem = `${plugin} cannot listen on ${placeOf(options)}: ${reason}`
  return new MailwrightError('MAIL_E_START', problem, { cause: error })
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
