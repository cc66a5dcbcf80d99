import type { Clock, Timer } from 'mailwright'
import type { Connections, Timeouts } from '../options.ts'
import { type OpeningSettings, openSession } from './opening.ts'
import { SmtpSession } from './smtp-session.ts'
import { hostOf, keyOf, type Target } from './target.ts'

/** A session that was kept had ended meanwhile; nothing has happened in it. */
export class StaleSession extends Error {}

export interface PoolSettings extends OpeningSettings {
  readonly clock: Clock
  readonly timeouts: Timeouts
  readonly connections: Connections
}

interface Kept {
  readonly session: SmtpSession
  readonly timer: Timer
  readonly key: string
  readonly host: string
}

/** Somebody who waits for a session that was kept, or for room for a new one. */
interface Waiter {
  readonly host: string
  readonly key: string
  readonly go: (kept: SmtpSession | undefined) => void
}

/** Sessions with hosts: so many at a time, and kept for a moment for the next message. */
export class ConnectionPool {
  readonly #settings: PoolSettings
  /** In the order in which they were put back. */
  readonly #kept = new Set<Kept>()
  /** Open connections of each host, those that are kept as well. */
  readonly #open = new Map<string, number>()
  readonly #waiters = new Set<Waiter>()
  #total = 0
  #closed = false

  constructor(settings: PoolSettings) {
    this.#settings = settings
  }

  /** Open connections. */
  get size(): number {
    return this.#total
  }

  /**
   * Does some work in a session that was kept, or in a new one with that address once there may be one. Rejects with `HostFailure`
   * where none can be had. What the work rejects with costs the connection; after `StaleSession` it is done again in another one.
   */
  async use<T>(
    target: Target,
    address: string,
    signal: AbortSignal,
    work: (session: SmtpSession) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const kept = await this.#admit(target, signal)
      const session = kept ?? (await this.#begin(target, address, signal))
      try {
        return await this.#run(session, signal, work)
      } catch (error) {
        if (!(error instanceof StaleSession)) throw error
      }
    }
  }

  async #begin(target: Target, address: string, signal: AbortSignal): Promise<SmtpSession> {
    const { clock, timeouts } = this.#settings
    try {
      const opened = await openSession(target, address, this.#settings, signal)
      return new SmtpSession(opened, target, timeouts, clock.monotonic())
    } catch (error) {
      this.#left(hostOf(target))
      throw error
    }
  }

  async #run<T>(
    session: SmtpSession,
    signal: AbortSignal,
    work: (session: SmtpSession) => Promise<T>,
  ): Promise<T> {
    const abort = (): void => session.connection.destroy()
    signal.addEventListener('abort', abort, { once: true })
    try {
      if (signal.aborted) abort()
      const result = await work(session)
      // Nobody waits for a host that takes its time to forget what was said.
      void this.#release(session)
      return result
    } catch (error) {
      session.connection.destroy()
      this.#left(hostOf(session.target))
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async #release(session: SmtpSession): Promise<void> {
    if (!this.#mayServeAgain(session) || !(await session.isReady()) || this.#closed) this.#discard(session)
    else this.#keep(session)
  }

  #mayServeAgain(session: SmtpSession): boolean {
    const { clock, connections } = this.#settings
    const most = Math.min(connections.maxMessages, session.limit('MAILMAX') ?? Number.POSITIVE_INFINITY)
    const age = clock.monotonic() - session.begunAt
    const mayStay = !this.#closed && connections.idleTime > 0
    return mayStay && session.transactions < most && age < connections.maxAge
  }

  #keep(session: SmtpSession): void {
    const { clock, connections } = this.#settings
    const [host, key] = [hostOf(session.target), keyOf(session.target)]
    for (const waiter of this.#waiters) {
      if (waiter.key !== key) continue
      this.#waiters.delete(waiter)
      waiter.go(session)
      return
    }
    const timer = clock.after(connections.idleTime, () => {
      this.#takeOut(kept)
      this.#discard(session)
    })
    const kept: Kept = { session, key, host, timer }
    this.#kept.add(kept)
    // It makes room for whoever wants another one.
    this.#wake()
  }

  #takeOut(kept: Kept): void {
    kept.timer.cancel()
    this.#kept.delete(kept)
  }

  #discard(session: SmtpSession): void {
    session.connection.quit()
    this.#left(hostOf(session.target))
  }

  /** A session that was kept; undefined where a new one is counted now, once there is room for it. */
  #admit(target: Target, signal: AbortSignal): Promise<SmtpSession | undefined> {
    const [host, key] = [hostOf(target), keyOf(target)]
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const kept = this.#takeKept(key)
      if (kept !== undefined) return resolve(kept)
      const abort = (): void => {
        this.#waiters.delete(waiter)
        reject(signal.reason)
      }
      const waiter: Waiter = {
        host,
        key,
        go: (session) => {
          signal.removeEventListener('abort', abort)
          if (session === undefined) this.#count(host)
          resolve(session)
        },
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiters.add(waiter)
      this.#wake()
    })
  }

  #takeKept(key: string): SmtpSession | undefined {
    for (const kept of [...this.#kept].toReversed()) {
      if (kept.key !== key) continue
      this.#takeOut(kept)
      if (kept.session.connection.isUsable) return kept.session
      this.#discard(kept.session)
    }
    return undefined
  }

  /** Whether one connection more is allowed; one that is kept for others makes room for it. */
  #hasRoom(host: string): boolean {
    const { perHost, total } = this.#settings.connections
    if ((this.#open.get(host) ?? 0) >= perHost && !this.#giveUpKept((kept) => kept.host === host))
      return false
    return this.#total < total || this.#giveUpKept(() => true)
  }

  #giveUpKept(mayGo: (kept: Kept) => boolean): boolean {
    const kept = [...this.#kept].find(mayGo)
    if (kept === undefined) return false
    this.#takeOut(kept)
    kept.session.connection.quit()
    this.#uncount(kept.host)
    return true
  }

  #count(host: string): void {
    this.#total += 1
    this.#open.set(host, (this.#open.get(host) ?? 0) + 1)
  }

  #uncount(host: string): void {
    this.#total -= 1
    const left = (this.#open.get(host) ?? 1) - 1
    if (left === 0) this.#open.delete(host)
    else this.#open.set(host, left)
  }

  #left(host: string): void {
    this.#uncount(host)
    this.#wake()
  }

  /** Lets those go who may, in the order of their coming; a host that has enough does not hold up others. */
  #wake(): void {
    const busy = new Set<string>()
    for (const waiter of this.#waiters) {
      if (busy.has(waiter.host)) continue
      if (!this.#hasRoom(waiter.host)) {
        busy.add(waiter.host)
        if (this.#total >= this.#settings.connections.total && this.#kept.size === 0) return
        continue
      }
      this.#waiters.delete(waiter)
      waiter.go(undefined)
    }
  }

  /** Ends what is kept; what is at work ends when its work does. */
  close(): void {
    this.#closed = true
    for (const kept of [...this.#kept]) {
      this.#takeOut(kept)
      this.#discard(kept.session)
    }
  }
}
