import { Slots, type Timer } from 'mailwright'
import { formatDestination, type LmtpDestination } from '../destination.ts'
import { LmtpConnection, type OpeningSettings } from './lmtp-connection.ts'

export interface PoolSettings extends OpeningSettings {
  /** Connections to one server at a time; who comes above that waits. */
  readonly maxConnections: number
  /** Milliseconds that a connection is kept for the next message. */
  readonly idleTime: number
}

interface Server {
  readonly slots: Slots
  readonly idle: { readonly connection: LmtpConnection; readonly timer: Timer }[]
}

/** Connections to LMTP servers, kept for a moment for the next message. */
export class LmtpPool {
  readonly #settings: PoolSettings
  readonly #servers = new Map<string, Server>()
  #closed = false

  constructor(settings: PoolSettings) {
    this.#settings = settings
  }

  /** Does some work with a connection. What rejects costs the connection. */
  async use<T>(
    destination: LmtpDestination,
    signal: AbortSignal,
    work: (connection: LmtpConnection) => Promise<T>,
  ): Promise<T> {
    const server = this.#server(destination)
    return server.slots.run(async () => {
      signal.throwIfAborted()
      const connection =
        (await this.#kept(server)) ?? (await LmtpConnection.open(destination, this.#settings, signal))
      const abort = () => connection.destroy()
      signal.addEventListener('abort', abort, { once: true })
      try {
        const result = await work(connection)
        this.#keep(server, connection)
        return result
      } catch (error) {
        connection.destroy()
        throw error
      } finally {
        signal.removeEventListener('abort', abort)
      }
    })
  }

  #server(destination: LmtpDestination): Server {
    const name = formatDestination(destination)
    const server = this.#servers.get(name) ?? { slots: new Slots(this.#settings.maxConnections), idle: [] }
    this.#servers.set(name, server)
    return server
  }

  /** A kept connection that still answers. */
  async #kept(server: Server): Promise<LmtpConnection | undefined> {
    for (let kept = server.idle.pop(); kept !== undefined; kept = server.idle.pop()) {
      kept.timer.cancel()
      if (await answers(kept.connection)) return kept.connection
      kept.connection.destroy()
    }
    return undefined
  }

  #keep(server: Server, connection: LmtpConnection): void {
    const { clock, idleTime } = this.#settings
    if (connection.isClosed || this.#closed || idleTime === 0) {
      connection.quit()
      return
    }
    const entry = {
      connection,
      timer: clock.after(idleTime, () => {
        server.idle.splice(server.idle.indexOf(entry), 1)
        connection.quit()
      }),
    }
    server.idle.push(entry)
  }

  /** Ends what is idle; what is at work ends when its work does. */
  close(): void {
    this.#closed = true
    for (const { idle } of this.#servers.values()) {
      for (const { connection, timer } of idle.splice(0)) {
        timer.cancel()
        connection.quit()
      }
    }
  }
}

/** A server may have closed it meanwhile, or be about to. */
async function answers(connection: LmtpConnection): Promise<boolean> {
  if (connection.isClosed) return false
  try {
    const [answer] = await connection.commands(['RSET'])
    return answer?.code === 250
  } catch {
    return false
  }
}
