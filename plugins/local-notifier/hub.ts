import { createServer, type Server, type Socket } from 'node:net'
import type { Clock, Log, Timer } from 'mailwright'
import { Connection } from './connection.ts'
import { missedFrame, type Notice } from './frame.ts'
import { Outbox } from './outbox.ts'
import type { FileIdentity, SocketFile } from './socket-file.ts'

// Milliseconds from one look at the socket's file to the next.
const lookEvery = 1_000

/** What a hub is made of. */
export interface HubSurroundings {
  readonly file: SocketFile
  readonly clock: Clock
  readonly log: Log
  /** Gets what other processes say. */
  received(notice: Notice): void
  /** The socket's file is another one now, or gone: nobody finds this hub any more. */
  deposed(): void
}

/** The process to which all others connect, and which passes on to all what one of them says. */
export class Hub {
  readonly #surroundings: HubSurroundings
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  #identity: FileIdentity | undefined
  #timer: Timer | undefined

  private constructor(surroundings: HubSurroundings) {
    this.#surroundings = surroundings
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** Undefined where another process was faster. `seen` is the socket at which nobody answered. */
  static async open(surroundings: HubSurroundings, seen: FileIdentity | undefined): Promise<Hub | undefined> {
    const hub = new Hub(surroundings)
    try {
      hub.#identity = await surroundings.file.listen(hub.#server, seen)
    } finally {
      if (hub.#identity === undefined) hub.#server.close()
    }
    if (hub.#identity === undefined) return undefined
    hub.#server.on('error', (error) => surroundings.log.warn('unavailable', { error }))
    hub.#look()
    return hub
  }

  #accept(socket: Socket): void {
    const { clock, log, received } = this.#surroundings
    const outbox = new Outbox()
    // What was said before it was heard here.
    outbox.miss()
    const connection: Connection = new Connection(
      socket,
      outbox,
      {
        received: (notice, frame) => {
          received(notice)
          this.#pass(frame, connection)
        },
        ended: (isBroken) => {
          this.#connections.delete(connection)
          if (!isBroken) return
          received({ missed: true })
          this.#pass(missedFrame, connection)
        },
      },
      { clock, log },
    )
    this.#connections.add(connection)
  }

  #pass(frame: Buffer, from?: Connection): void {
    for (const connection of this.#connections) if (connection !== from) connection.send(frame)
  }

  /** Says something to all other processes. */
  send(frame: Buffer): void {
    this.#pass(frame)
  }

  #look(): void {
    this.#timer = this.#surroundings.clock.after(lookEvery, () => {
      if (this.#isInPlace()) this.#look()
      else this.#surroundings.deposed()
    })
  }

  #isInPlace(): boolean {
    try {
      return this.#surroundings.file.identity() === this.#identity
    } catch {
      return false
    }
  }

  /** Takes nobody new, and lets the others read what was said. */
  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#server.close()
    await Promise.all([...this.#connections].map((connection) => connection.close()))
  }
}
