import type { Socket } from 'node:net'
import { type Clock, type Timer, UnavailableError } from 'mailwright'
import { PolicyConnection } from './connection.ts'
import type { AskingLimits } from './options.ts'

interface Idle {
  readonly connection: PolicyConnection
  readonly timer: Timer
}

interface Waiting {
  readonly resolve: (connection: PolicyConnection) => void
  readonly reject: (error: Error) => void
}

/** Connections to one policy server. The one that was used last is used next, so that the others can end. */
export class ConnectionPool {
  readonly #open: () => Socket
  readonly #limits: Pick<AskingLimits, 'maxConnections' | 'maxIdle' | 'maxTtl'>
  readonly #clock: Clock
  readonly #all = new Set<PolicyConnection>()
  readonly #idle: Idle[] = []
  readonly #waiting = new Set<Waiting>()
  #isClosed = false

  constructor(
    open: () => Socket,
    limits: Pick<AskingLimits, 'maxConnections' | 'maxIdle' | 'maxTtl'>,
    clock: Clock,
  ) {
    this.#open = open
    this.#limits = limits
    this.#clock = clock
  }

  /** A connection that nobody else uses: kept, new, or given back by somebody. Rejects when the signal aborts. */
  take(signal: AbortSignal): Promise<PolicyConnection> {
    return new Promise((resolve, reject) => {
      if (signal.aborted || this.#isClosed) {
        reject(new UnavailableError('there is no time left to ask it'))
        return
      }
      const free = this.#free()
      if (free !== undefined) {
        resolve(free)
        return
      }
      const giveUp = () => {
        this.#waiting.delete(waiting)
        reject(new UnavailableError('no connection to it became free'))
      }
      const waiting: Waiting = {
        resolve(connection) {
          signal.removeEventListener('abort', giveUp)
          resolve(connection)
        },
        reject,
      }
      this.#waiting.add(waiting)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }

  /** Back from whoever took it, in whatever state. */
  giveBack(connection: PolicyConnection): void {
    if (!connection.isOpen) return
    if (this.#isClosed || this.#clock.monotonic() - connection.openedAt >= this.#limits.maxTtl) {
      connection.close()
      return
    }
    const timer = this.#clock.after(this.#limits.maxIdle, () => connection.close())
    this.#idle.push({ connection, timer })
    this.#serve()
  }

  close(): void {
    this.#isClosed = true
    for (const connection of this.#all) connection.close()
    for (const { reject } of this.#waiting) reject(new UnavailableError('the server is stopping'))
    this.#waiting.clear()
  }

  #free(): PolicyConnection | undefined {
    const kept = this.#idle.pop()
    if (kept !== undefined) {
      kept.timer.cancel()
      return kept.connection
    }
    if (this.#all.size >= this.#limits.maxConnections) return undefined
    const opened = new PolicyConnection(this.#open(), this.#clock.monotonic(), (ended) => this.#ended(ended))
    this.#all.add(opened)
    return opened
  }

  #ended(connection: PolicyConnection): void {
    this.#all.delete(connection)
    const index = this.#idle.findIndex((each) => each.connection === connection)
    if (index !== -1) this.#idle.splice(index, 1)[0]?.timer.cancel()
    if (!this.#isClosed) this.#serve()
  }

  /** The next of those who wait gets what is free now. */
  #serve(): void {
    const [next] = this.#waiting
    if (next === undefined) return
    const free = this.#free()
    if (free === undefined) return
    this.#waiting.delete(next)
    next.resolve(free)
  }
}
