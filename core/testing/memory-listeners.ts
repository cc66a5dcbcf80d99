import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { MailwrightError } from '../errors.ts'
import type { ListenerPool, ListenRequest } from '../host/listeners.ts'
import type { Endpoint, SessionRole } from '../model/session.ts'
import { Dialogue, type DialogueOptions } from './dialogue/dialogue.ts'
import { memoryConnection } from './memory-connection.ts'

export interface ConnectOptions extends DialogueOptions {
  /** Which listener of a plugin that has several. */
  readonly role?: SessionRole
  /** Who connects: 192.0.2.10 where absent, on a Unix socket its path. */
  readonly remote?: Endpoint
}

interface OpenedFor {
  readonly owner: object
  readonly request: ListenRequest
}

/** Listeners that nobody can reach but a test: no socket is opened, no port is taken. */
export class MemoryListeners implements ListenerPool {
  readonly #clock: Clock
  readonly #connections = new Map<Socket, OpenedFor>()
  #open: readonly OpenedFor[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async adopt(owner: object, requests: readonly ListenRequest[]): ReturnType<ListenerPool['adopt']> {
    this.#open = requests.map((request) => ({ owner, request }))
    return requests.map(({ plugin, options }) => {
      const { role, implicitTls = false } = options
      if (options.path !== undefined) return { plugin, role, path: options.path, port: 0, implicitTls }
      return { plugin, role, host: options.host, port: options.port, implicitTls }
    })
  }

  async release(owner: object): Promise<void> {
    this.#open = this.#open.filter((listener) => listener.owner !== owner)
  }

  cut(owner: object): void {
    for (const [socket, listener] of this.#connections) if (listener.owner === owner) socket.destroy()
  }

  /** Connects to a plugin's listener, and speaks TLS where it does so from the first octet. MAIL_E_NOT_FOUND. */
  async connect(plugin: string, options: ConnectOptions = {}): Promise<Dialogue> {
    const listener = this.#find(plugin, options.role)
    const { options: place } = listener.request
    const { path } = place
    const local = path === undefined ? { address: place.host, port: place.port } : { address: path, port: 0 }
    const remote = options.remote ?? (path === undefined ? undefined : local)
    const { client, server } = memoryConnection({
      local,
      clock: this.#clock,
      ...(remote === undefined ? {} : { remote }),
    })
    this.#accept(listener, server)
    const dialogue = new Dialogue(client, options)
    if (place.implicitTls === true) await dialogue.startTls()
    return dialogue
  }

  #find(plugin: string, role: SessionRole | undefined): OpenedFor {
    const found = this.#open.find(({ request }) => {
      return request.plugin === plugin && (role === undefined || request.options.role === role)
    })
    if (found !== undefined) return found
    const names = this.#open.map(({ request }) => `${request.plugin} (${request.options.role})`).join(', ')
    throw new MailwrightError('MAIL_E_NOT_FOUND', `no listener of ${plugin}; there are: ${names || 'none'}`)
  }

  /** Does with a connection what the pool of real sockets does. */
  #accept(listener: OpenedFor, socket: Socket): void {
    const { options, onConnection } = listener.request
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#connections.delete(socket))
    this.#connections.set(socket, listener)
    const open = [...this.#connections.values()].filter((other) => other === listener).length
    if (open <= (options.maxConnections ?? Number.POSITIVE_INFINITY)) onConnection(socket)
    else if (options.onOverflow === undefined) socket.destroy()
    else options.onOverflow(socket)
  }
}
