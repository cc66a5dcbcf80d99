import { type Address, type Clock, senderInTurn, type Timer } from 'mailwright'
import type { Connections, Timeouts } from '../options.ts'
import { ConnectionCounts } from './connection-counts.ts'
import { HostTurns, type Waiting } from './host-turns.ts'
import { type OpeningSettings, openSession } from './opening.ts'
import { SilentHosts, type Visit } from './silent-hosts.ts'
import { SmtpSession } from './smtp-session.ts'
import { hostOf, keyOf, placeOf, type Target, wayTo } from './target.ts'

/** A session is over: it had ended since it was kept, or has served enough. What is left to do is done in another one. */
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

/** What a session is wanted for. */
export interface PoolRequest {
  /** Where a new one goes. */
  readonly address: string
  /** Addresses of the host that have had their turn: a session that was kept is not one with these. */
  readonly avoided: ReadonlySet<string>
  readonly signal: AbortSignal
  /** Whose mail it is for: senders take turns where they have to wait. */
  readonly reversePath?: Address | null
  /** What others found before it came is not enough for it. */
  readonly isLast?: boolean
}

type Work<T> = (session: SmtpSession) => Promise<T>

/** Somebody who waits for a session that was kept, or for room for a new one. */
interface Waiter extends Waiting {
  readonly key: string
  readonly avoided: ReadonlySet<string>
  /** Where a new one goes. */
  readonly way: string
  /** As {@link Visit.came}, where only openings that began later are enough. */
  readonly since: number
  readonly fail: (reason: unknown) => void
  readonly go: (kept: SmtpSession | undefined) => void
}

/** Sessions with hosts: so many at a time, and kept for a moment for the next message. */
export class ConnectionPool {
  readonly #settings: PoolSettings
  /** In the order in which they were put back. */
  readonly #kept = new Set<Kept>()
  /** How many of those there are by their keys. */
  readonly #keptOf = new Map<string, number>()
  /** Those that are kept as well. */
  readonly #open = new ConnectionCounts()
  readonly #waiters = new HostTurns<Waiter>()
  readonly #silent: SilentHosts
  #closed = false

  constructor(settings: PoolSettings) {
    this.#settings = settings
    this.#silent = new SilentHosts(settings.clock)
  }

  /** Open connections. */
  get size(): number {
    return this.#open.total
  }

  /** Whether an address has not answered of late: others are to be asked first. */
  isSilent(target: Target, address: string): boolean {
    return this.#silent.has(wayTo(target, address))
  }

  /**
   * Resolves when a connection to the address may be wanted: at once, but where others find out whether it answers. To be ended. Rejects
   * with `HostFailure` where nobody answers, as far as others have found.
   */
  approach(target: Target, { address, signal, isLast = false }: PoolRequest): Promise<Visit> {
    const [way, place] = [wayTo(target, address), placeOf(target.candidate, address)]
    return this.#silent.visit({ way, place, host: target.candidate.host, signal, isLast })
  }

  /**
   * Does some work in a session that was kept, or in a new one with the address once there may be one. Rejects with `HostFailure`
   * where none can be had. What the work rejects with costs the connection; after `StaleSession` it is done again in another one.
   * `visit`: whoever has approached the address for it.
   */
  async use<T>(target: Target, request: PoolRequest, work: Work<T>, visit?: Visit): Promise<T> {
    for (let next = visit; ; next = undefined) {
      const session = await this.#session(target, request, next ?? (await this.approach(target, request)))
      try {
        return await this.#run(session, request.signal, work)
      } catch (error) {
        if (!(error instanceof StaleSession)) throw error
      }
    }
  }

  async #session(target: Target, request: PoolRequest, visit: Visit): Promise<SmtpSession> {
    try {
      return (await this.#admit(target, request, visit)) ?? (await this.#begin(target, request, visit))
    } finally {
      visit.end()
    }
  }

  async #begin(target: Target, { address, signal }: PoolRequest, visit: Visit): Promise<SmtpSession> {
    const { clock, timeouts } = this.#settings
    try {
      visit.begin()
      const { connected, greeted } = visit
      const opened = await openSession(target, address, this.#settings, { signal, connected, greeted })
      return new SmtpSession(opened, { target, address, timeouts, begunAt: clock.monotonic() })
    } catch (error) {
      // They would wait for the same.
      if (visit.failed(signal.aborted ? signal.reason : error))
        this.#failWaiters(target, wayTo(target, address), visit, error)
      this.#left(hostOf(target))
      throw error
    }
  }

  #failWaiters(target: Target, way: string, { begun = 0 }: Visit, error: unknown): void {
    const next = (): Waiter | undefined =>
      this.#waiters.take(hostOf(target), (one) => one.way === way && one.since < begun)
    for (let waiter = next(); waiter !== undefined; waiter = next()) waiter.fail(error)
  }

  async #run<T>(session: SmtpSession, signal: AbortSignal, work: Work<T>): Promise<T> {
    const abort = (): void => session.connection.destroy()
    signal.addEventListener('abort', abort, { once: true })
    try {
      if (signal.aborted) abort()
      const result = await work(session)
      // Nobody waits for a host that takes its time to forget what was said.
      void this.#release(session)
      return result
    } catch (error) {
      // One that has only served enough is left politely.
      if (error instanceof StaleSession) session.connection.quit()
      else session.connection.destroy()
      this.#ended(session)
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
    session.isNew = false
    const { clock, connections } = this.#settings
    const [host, key] = [hostOf(session.target), keyOf(session.target)]
    const next = this.#waiters.take(host, (one) => one.key === key && !one.avoided.has(session.address))
    if (next !== undefined) {
      next.go(session)
      return
    }
    const timer = clock.after(connections.idleTime, () => {
      this.#takeOut(kept)
      this.#discard(session)
    })
    const kept: Kept = { session, key, host, timer }
    this.#kept.add(kept)
    this.#keptOf.set(key, (this.#keptOf.get(key) ?? 0) + 1)
    // It makes room for whoever wants another one.
    this.#wake()
  }

  #takeOut(kept: Kept): void {
    kept.timer.cancel()
    this.#kept.delete(kept)
    const left = (this.#keptOf.get(kept.key) ?? 1) - 1
    if (left === 0) this.#keptOf.delete(kept.key)
    else this.#keptOf.set(kept.key, left)
  }

  #discard(session: SmtpSession): void {
    session.connection.quit()
    this.#ended(session)
  }

  /** A session that was kept; undefined where a new one is counted now, once there is room for it. */
  #admit(
    target: Target,
    { address, avoided, signal, reversePath = null, isLast = false }: PoolRequest,
    { came }: Visit,
  ): Promise<SmtpSession | undefined> {
    const [host, key] = [hostOf(target), keyOf(target)]
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const kept = this.#takeKept(key, avoided)
      if (kept !== undefined) return resolve(kept)
      const abort = (): void => {
        this.#waiters.delete(waiter)
        reject(signal.reason)
      }
      const waiter: Waiter = {
        host,
        sender: senderInTurn(reversePath),
        key,
        avoided,
        way: wayTo(target, address),
        since: isLast ? came : 0,
        fail: (reason) => {
          signal.removeEventListener('abort', abort)
          reject(reason)
        },
        go: (session) => {
          signal.removeEventListener('abort', abort)
          if (session === undefined) this.#open.add(host)
          resolve(session)
        },
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiters.add(waiter)
      this.#wake()
    })
  }

  #takeKept(key: string, avoided: ReadonlySet<string>): SmtpSession | undefined {
    // Most that is wanted is not there, among thousands of destinations.
    if (!this.#keptOf.has(key)) return undefined
    for (const kept of [...this.#kept].toReversed()) {
      if (kept.key !== key || avoided.has(kept.session.address)) continue
      this.#takeOut(kept)
      if (kept.session.connection.isUsable) return kept.session
      this.#discard(kept.session)
    }
    return undefined
  }

  /** Whether one connection more is allowed; one that is kept for others makes room for it. */
  #hasRoom(host: string): boolean {
    const { perHost, total } = this.#settings.connections
    if (this.#open.of(host) >= perHost && !this.#giveUpKept((kept) => kept.host === host)) return false
    return this.#open.total < total || this.#giveUpKept(() => true)
  }

  #giveUpKept(mayGo: (kept: Kept) => boolean): boolean {
    for (const kept of this.#kept) {
      if (!mayGo(kept)) continue
      this.#takeOut(kept)
      kept.session.connection.quit()
      this.#silent.left(wayTo(kept.session.target, kept.session.address))
      this.#open.remove(kept.host)
      return true
    }
    return false
  }

  #ended({ target, address }: SmtpSession): void {
    this.#silent.left(wayTo(target, address))
    this.#left(hostOf(target))
  }

  #left(host: string): void {
    this.#open.remove(host)
    this.#wake()
  }

  /** Lets those go who may; a host that has enough does not hold up others. */
  #wake(): void {
    for (const host of this.#waiters.hosts()) {
      if (this.#hasRoom(host)) this.#waiters.take(host)?.go(undefined)
      else if (this.#open.total >= this.#settings.connections.total && this.#kept.size === 0) return
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
