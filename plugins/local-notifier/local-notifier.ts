import type { Socket } from 'node:net'
import { type Clock, errorCode, type Log, type Notifier, type Timer } from 'mailwright'
import { Connection } from './connection.ts'
import { encodeFrame, missedFrame, type Notice } from './frame.ts'
import { Hub } from './hub.ts'
import { Outbox } from './outbox.ts'
import type { SocketFile } from './socket-file.ts'
import type { Subscriptions } from './subscriptions.ts'

// Milliseconds: the first try after a loss, later ones, and what counts as a link that held.
const firstPause = 10
const longestPause = 1_000
const steady = 1_000

/** What a notifier is made of. */
export interface NotifierSurroundings {
  readonly file: SocketFile
  readonly subscriptions: Subscriptions
  readonly clock: Clock
  readonly log: Log
}

/** Hints to all processes that meet at one socket. One of them is the hub; where it ends, another takes its place. */
export class LocalNotifier implements Notifier {
  readonly #surroundings: NotifierSurroundings
  /** What waits for the hub, also while there is none. */
  readonly #outbox = new Outbox()
  #hub: Hub | undefined
  #uplink: Connection | undefined
  #linkedAt = 0
  #failures = 0
  #isServing = false
  #hasStopped = false
  #isAway = false
  #timer: Timer | undefined
  #joining: Promise<void> = Promise.resolve()

  constructor(surroundings: NotifierSurroundings) {
    this.#surroundings = surroundings
  }

  publish(topic: string, payload: unknown): void {
    this.#surroundings.subscriptions.tell(topic, payload)
    if (this.#hasStopped) return
    const frame = this.#encode(topic, payload)
    if (this.#hub !== undefined) this.#hub.send(frame)
    else {
      this.#outbox.add(frame)
      this.#uplink?.wake()
    }
  }

  subscribe(topic: string, listener: (payload: unknown) => void): () => void {
    return this.#surroundings.subscriptions.add(topic, listener)
  }

  /** What cannot be sent becomes the hint to look. */
  #encode(topic: string, payload: unknown): Buffer {
    try {
      return encodeFrame({ topic, payload })
    } catch (error) {
      this.#surroundings.log.error('internal-error', { topic: topic.slice(0, 100), error })
    }
    try {
      return encodeFrame({ topic, payload: { missed: true } })
    } catch {
      return missedFrame
    }
  }

  /** Joins the others, where there are any. Never rejects: mail goes on without hints. */
  async start(): Promise<void> {
    await this.#joinLater()
  }

  /** From now on this process may be the hub. MAIL_E_INVALID where the socket's place is not fit for it. */
  async serve(): Promise<void> {
    this.#isServing = true
    this.#timer?.cancel()
    const error = await this.#joinLater()
    if (errorCode(error) === 'MAIL_E_INVALID') throw error
  }

  /** Lets the others read what was published. */
  async stop(): Promise<void> {
    const { subscriptions } = this.#surroundings
    this.#isServing = false
    this.#timer?.cancel()
    // The hub may have ended a moment ago, and another be there.
    if (this.#outbox.isEmpty) await this.#joining.catch(() => undefined)
    else await this.#joinLater()
    this.#hasStopped = true
    this.#timer?.cancel()
    await this.#hub?.close()
    await this.#uplink?.close()
    subscriptions.stop()
  }

  /** Tries to join, and again later where it fails. Never rejects; answers what failed. */
  async #joinLater(): Promise<unknown> {
    const problem: unknown = await this.#join().then(
      () => undefined,
      (error: unknown) => error,
    )
    if (problem !== undefined && !this.#isAway) {
      this.#isAway = true
      this.#surroundings.log.warn('unavailable', { service: 'notifier', error: problem })
    }
    if (!this.#hasStopped && !this.#isLinked) this.#tryAgain()
    return problem
  }

  get #isLinked(): boolean {
    return this.#hub !== undefined || this.#uplink !== undefined
  }

  #tryAgain(): void {
    const pause = Math.min(longestPause, firstPause * 2 ** this.#failures)
    this.#failures += 1
    this.#timer?.cancel()
    // Half of it by chance, so that many processes do not come in one moment.
    const time = pause * (0.5 + Math.random() / 2)
    this.#timer = this.#surroundings.clock.after(time, () => void this.#joinLater())
  }

  /** One try at a time. */
  #join(): Promise<void> {
    this.#joining = this.#joining.catch(() => undefined).then(() => this.#joinOnce())
    return this.#joining
  }

  async #joinOnce(): Promise<void> {
    const { file, log } = this.#surroundings
    if (this.#isLinked) return
    const seen = file.identity()
    const socket = await file.connect()
    if (socket !== undefined) this.#follow(socket)
    else if (this.#isServing) await this.#lead(seen)
    if (!this.#isLinked) return
    this.#linkedAt = this.#surroundings.clock.monotonic()
    if (this.#isAway) log.warn('recovered', { service: 'notifier' })
    this.#isAway = false
  }

  /** Connects to the hub, whose first word is that hints may have been missed. */
  #follow(socket: Socket): void {
    const ended = () => {
      this.#uplink = undefined
      // Nobody knows how much of what was written has been read.
      this.#outbox.miss()
      this.#lost()
    }
    const received = (notice: Notice) => this.#received(notice)
    this.#uplink = new Connection(socket, this.#outbox, { received, ended }, this.#surroundings)
  }

  async #lead(seen: string | undefined): Promise<void> {
    const { file, clock, log, subscriptions } = this.#surroundings
    const received = (notice: Notice) => this.#received(notice)
    const deposed = () => {
      this.#joining = this.#joining.catch(() => undefined).then(() => this.#resign())
    }
    this.#hub = await Hub.open({ file, clock, log, received, deposed }, seen)
    if (this.#hub === undefined) return
    // Who connects is told to look, which is all that could be said now.
    this.#outbox.clear()
    subscriptions.tellMissed()
  }

  async #resign(): Promise<void> {
    const hub = this.#hub
    this.#hub = undefined
    this.#outbox.miss()
    await hub?.close()
    this.#lost()
  }

  #lost(): void {
    if (this.#hasStopped) return
    if (this.#surroundings.clock.monotonic() - this.#linkedAt > steady) this.#failures = 0
    this.#tryAgain()
  }

  #received(notice: Notice): void {
    const { subscriptions } = this.#surroundings
    if ('topic' in notice) subscriptions.tell(notice.topic, notice.payload)
    else subscriptions.tellMissed()
  }
}
