import type { Socket } from 'node:net'
import type { Clock, Log } from 'mailwright'
import { FrameReader, type Notice } from './frame.ts'
import type { Outbox } from './outbox.ts'

// Milliseconds that the other side gets to read what was sent before the end.
const patience = 250

/** What happens on a connection. */
export interface ConnectionEvents {
  received(notice: Notice, frame: Buffer): void
  /** The last event. Broken: octets may have been lost on their way to this side. */
  ended(isBroken: boolean): void
}

/** One process's way to another: writes what is in an outbox as fast as it is read, and reads frames. */
export class Connection {
  /** Resolves when it is over. */
  readonly closed: Promise<void>
  readonly #socket: Socket
  readonly #outbox: Outbox
  readonly #clock: Clock
  #isAwake = false
  #isFull = false
  #isBroken = false

  constructor(
    socket: Socket,
    outbox: Outbox,
    events: ConnectionEvents,
    { clock, log }: { readonly clock: Clock; readonly log: Log },
  ) {
    this.#socket = socket
    this.#outbox = outbox
    this.#clock = clock
    const reader = new FrameReader()
    socket.on('data', (octets: Buffer) => {
      try {
        reader.push(octets, (notice, frame) => events.received(notice, frame))
      } catch (error) {
        log.info('protocol-error', { error })
        socket.destroy()
      }
    })
    socket.on('drain', () => {
      this.#isFull = false
      this.#write()
    })
    socket.on('error', () => {
      this.#isBroken = true
    })
    this.closed = new Promise<void>((resolve) => {
      if (socket.closed) resolve()
      else socket.once('close', () => resolve())
    }).then(() => events.ended(this.#isBroken))
    this.wake()
  }

  send(frame: Buffer): void {
    this.#outbox.add(frame)
    this.wake()
  }

  /** Something was put into the outbox. What comes in one go is written in one go. */
  wake(): void {
    if (this.#isAwake) return
    this.#isAwake = true
    queueMicrotask(() => {
      this.#isAwake = false
      if (!this.#isFull) this.#write()
    })
  }

  #write(): void {
    if (this.#outbox.isEmpty || !this.#socket.writable) return
    this.#isFull = !this.#socket.write(this.#outbox.take())
  }

  /** Writes the rest and ends; resolves when the other side has read it, or has not in good time. */
  async close(): Promise<void> {
    this.#write()
    this.#socket.end()
    const late = this.#clock.after(patience, () => this.#socket.destroy())
    await this.closed
    late.cancel()
  }
}
