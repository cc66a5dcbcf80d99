import type { Socket } from 'node:net'
import type { PluginContext } from '../plugin.ts'
import type { Endpoints } from './endpoints.ts'
import {
  expectsProxyHeader,
  type ProxyFault,
  type ProxyOptions,
  proxiedEndpoints,
} from './proxied-endpoints.ts'

/** Clients on their way from a listener to their sessions: whoever has to say first for whom it speaks is heard. */
export class ArrivingClients {
  readonly #context: Pick<PluginContext, 'clock' | 'log'>
  readonly #proxy: ProxyOptions | undefined
  readonly #begin: (socket: Socket, ends: Endpoints) => void
  /** Those whose PROXY header has not come. */
  readonly #waiting = new Set<Socket>()

  /** `begin` starts the session of a client, whose ends are its own or what a trusted proxy has told. */
  constructor(
    context: Pick<PluginContext, 'clock' | 'log'>,
    proxy: ProxyOptions | undefined,
    begin: (socket: Socket, ends: Endpoints) => void,
  ) {
    this.#context = context
    this.#proxy = proxy
    this.#begin = begin
  }

  /** Takes a connection with its own ends. Rejects as `begin` throws. */
  async take(socket: Socket, own: Endpoints): Promise<void> {
    if (this.#proxy === undefined || !expectsProxyHeader(this.#proxy, own)) {
      this.#begin(socket, own)
      return
    }
    this.#waiting.add(socket)
    const outcome = await proxiedEndpoints(socket, own, this.#proxy, this.#context.clock)
    if (!this.#waiting.delete(socket)) return
    if ('problem' in outcome) this.#refuse(socket, own, outcome)
    else this.#begin(socket, outcome)
  }

  /** Without a word: nobody knows what the other side takes it for. Somebody has to know of it here, where it is a fault of the config. */
  #refuse(socket: Socket, { remote }: Endpoints, { problem }: ProxyFault): void {
    if (problem !== undefined)
      this.#context.log.warn('protocol-error', { text: problem, remote: remote.address })
    socket.destroy()
  }

  /** Nobody waits for a header any more. */
  stop(): void {
    for (const socket of this.#waiting) socket.destroy()
    this.#waiting.clear()
  }
}
