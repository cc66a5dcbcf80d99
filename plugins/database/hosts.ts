import { type Clock, errorText, type Log } from 'mailwright'
import { DatabaseAwayError } from './failure.ts'

/** A connection that was made, and what the server said of itself. */
export interface Opened<Connection extends object> {
  readonly connection: Connection
  readonly isReadOnly: boolean
}

export interface HostsSettings<Host, Connection extends object> {
  /** The preferred one first. */
  readonly hosts: readonly Host[]
  readonly nameOf: (host: Host) => string
  readonly open: (host: Host) => Promise<Opened<Connection>>
  readonly close: (connection: Connection) => void
  readonly clock: Clock
  readonly log: Log
  /** From 0 to 1; `Math.random` where absent. */
  readonly random?: () => number
}

// How long a server that did not answer is left alone: doubled each time, since a try may cost a call its patience.
const FIRST_REST = 5000
const LONGEST_REST = 60_000
// How long a server that is read-only is asked after the others.
const READ_ONLY_REST = 5000
// After so long a connection to another than the best server makes way.
const SECOND_CHOICE = 30_000
const READ_ONLY_CHOICE = 2000

interface State<Host> {
  readonly host: Host
  readonly rank: number
  failures: number
  restsUntil: number
  isReadOnly: boolean
  readOnlyUntil: number
}

interface Origin<Host> {
  readonly state: State<Host>
  readonly at: number
  readonly isReadOnly: boolean
}

/**
 * Several servers with the same contents. New connections go to the first that can be written to; one that is read-only
 * is better than none, for what only reads. Who did not answer is left alone for a while.
 */
export class Hosts<Host, Connection extends object> {
  readonly #settings: HostsSettings<Host, Connection>
  readonly #states: readonly State<Host>[]
  readonly #origins = new WeakMap<Connection, Origin<Host>>()

  constructor(settings: HostsSettings<Host, Connection>) {
    this.#settings = settings
    const fresh = { failures: 0, restsUntil: 0, isReadOnly: false, readOnlyUntil: 0 }
    this.#states = settings.hosts.map((host, rank) => ({ host, rank, ...fresh }))
  }

  /** A connection to the best server that answers. DatabaseAwayError where none does. */
  async connect(): Promise<Connection> {
    let readOnly: Connection | undefined
    let failure: unknown
    for (const tier of this.#tiers()) {
      for (const state of tier) {
        const opened = await this.#open(state).catch((error: unknown) => {
          failure = error
          return undefined
        })
        if (opened === undefined) continue
        if (!opened.isReadOnly) {
          if (readOnly !== undefined) this.#settings.close(readOnly)
          return opened.connection
        }
        if (readOnly === undefined) readOnly = opened.connection
        else this.#settings.close(opened.connection)
      }
      // Servers that are resting are not worth a wait while another one can at least be read.
      if (readOnly !== undefined) return readOnly
    }
    throw new DatabaseAwayError('no connection to the database', { cause: failure })
  }

  /** Whether a connection leads to the best server, as far as is known, or is young enough to be kept nevertheless. */
  isCurrent(connection: Connection): boolean {
    const origin = this.#origins.get(connection)
    if (origin === undefined || this.#states.length === 1) return true
    const now = this.#now()
    const age = now - origin.at
    if (origin.isReadOnly || origin.state.isReadOnly) return age < READ_ONLY_CHOICE
    if (age < SECOND_CHOICE) return true
    const better = this.#states.slice(0, origin.state.rank)
    return better.every((state) => state.restsUntil > now || state.readOnlyUntil > now)
  }

  /** A write over this connection was refused because its server is read-only. */
  noteReadOnly(connection: Connection): void {
    const state = this.#origins.get(connection)?.state
    if (state !== undefined) this.#markReadOnly(state, true)
  }

  /** The servers in the order in which they are tried, in groups: as good as ever, lately read-only, resting. */
  #tiers(): readonly (readonly State<Host>[])[] {
    const now = this.#now()
    const tierOf = (state: State<Host>): 0 | 1 | 2 =>
      state.restsUntil > now ? 2 : state.readOnlyUntil > now ? 1 : 0
    return [0, 1, 2].map((tier) => this.#states.filter((state) => tierOf(state) === tier))
  }

  async #open(state: State<Host>): Promise<Opened<Connection>> {
    // One call tries a server that was away; those that come meanwhile leave it alone.
    if (state.failures > 0) this.#rest(state)
    try {
      const opened = await this.#settings.open(state.host)
      this.#noteAnswer(state)
      this.#markReadOnly(state, opened.isReadOnly)
      this.#origins.set(opened.connection, { state, at: this.#now(), isReadOnly: opened.isReadOnly })
      return opened
    } catch (error) {
      this.#noteFailure(state, error)
      throw error
    }
  }

  #noteFailure(state: State<Host>, error: unknown): void {
    if (state.failures === 0) this.#tell(state, 'unavailable', errorText(error))
    state.failures += 1
    this.#rest(state)
  }

  #noteAnswer(state: State<Host>): void {
    if (state.failures > 0) this.#tell(state, 'recovered')
    state.failures = 0
    state.restsUntil = 0
  }

  /** An outage of the only server is one of the database, which is told elsewhere. */
  #tell(state: State<Host>, event: 'unavailable' | 'recovered', error?: string): void {
    if (this.#states.length === 1) return
    const host = this.#settings.nameOf(state.host)
    this.#settings.log.warn(event, error === undefined ? { host } : { host, error })
  }

  #markReadOnly(state: State<Host>, isReadOnly: boolean): void {
    const host = this.#settings.nameOf(state.host)
    if (isReadOnly && !state.isReadOnly)
      this.#settings.log.warn('unavailable', { host, error: 'the server is read-only' })
    if (!isReadOnly && state.isReadOnly) this.#settings.log.warn('recovered', { host })
    state.isReadOnly = isReadOnly
    state.readOnlyUntil = isReadOnly ? this.#now() + READ_ONLY_REST : 0
  }

  #rest(state: State<Host>): void {
    const { random = Math.random } = this.#settings
    const rest = Math.min(FIRST_REST * 2 ** (state.failures - 1), LONGEST_REST)
    state.restsUntil = this.#now() + rest * (0.75 + random() / 2)
  }

  #now(): number {
    return this.#settings.clock.monotonic()
  }
}
