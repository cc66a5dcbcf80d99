import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type Clock, systemClock, type Timer } from '../clock.ts'
import type { Endpoint } from '../model/session.ts'

/** Both ends of a connection without a network. */
export interface MemoryConnection {
  /** The client's end. */
  readonly client: Duplex
  /** The server's end, with all of a socket that servers use. */
  readonly server: Socket
}

export interface MemoryConnectionOptions {
  /** The server's end, as both see it. */
  readonly local?: Endpoint
  /** The client's end. */
  readonly remote?: Endpoint
  /** For `setTimeout` of the server's end. */
  readonly clock?: Clock
}

// RFC 5737: addresses that nobody has.
const defaultLocal: Endpoint = { address: '192.0.2.1', port: 25 }
const defaultRemote: Endpoint = { address: '192.0.2.10', port: 40_000 }

/** Connects two ends in memory. What one writes the other reads in a later turn of the event loop, in order. */
export function memoryConnection(options: MemoryConnectionOptions = {}): MemoryConnection {
  const { local = defaultLocal, remote = defaultRemote, clock = systemClock } = options
  const server = new MemorySocket(local, remote, clock)
  const client = new MemorySocket(remote, local, clock)
  server.join(client)
  return { client, server: server as unknown as Socket }
}

/** One end: a Duplex with the parts of `net.Socket` that do not need a network. */
class MemorySocket extends Duplex {
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly connecting: boolean = false
  bytesRead = 0
  bytesWritten = 0
  timeout: number | undefined
  readonly #clock: Clock
  #peer: MemorySocket | undefined
  #ended = false
  #idle: Timer | undefined
  /** Lets the peer's write go on, when this end can take more. */
  #resumePeer: (() => void) | undefined

  constructor(own: Endpoint, other: Endpoint, clock: Clock) {
    super({ allowHalfOpen: false })
    this.localAddress = own.address
    this.localPort = own.port
    this.remoteAddress = other.address
    this.remotePort = other.port
    this.#clock = clock
  }

  join(peer: MemorySocket): void {
    this.#peer = peer
    peer.#peer = this
  }

  get readyState(): string {
    return this.destroyed ? 'closed' : 'open'
  }

  address(): { readonly address: string; readonly port: number; readonly family: string } {
    const family = this.localAddress.includes(':') ? 'IPv6' : 'IPv4'
    return { address: this.localAddress, port: this.localPort, family }
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  /** Emits `timeout` after so many milliseconds without octets either way; 0 switches it off. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    this.timeout = milliseconds
    if (listener !== undefined) this.once('timeout', listener)
    this.#watchIdleness()
    return this
  }

  destroySoon(): void {
    if (this.writableFinished) this.destroy()
    else this.end(() => this.destroy())
  }

  #watchIdleness(): void {
    this.#idle?.cancel()
    if (!this.timeout || this.destroyed) return
    this.#idle = this.#clock.after(this.timeout, () => this.emit('timeout'))
  }

  #receive(chunk: Buffer, taken: () => void): void {
    const gone = this.destroyed || this.#ended
    if (!gone) {
      this.bytesRead += chunk.length
      this.#watchIdleness()
    }
    if (gone || this.push(chunk)) taken()
    else this.#resumePeer = taken
  }

  #receiveEnd(): void {
    if (this.destroyed || this.#ended) return
    this.#ended = true
    this.push(null)
  }

  #endPeer(): void {
    const peer = this.#peer
    if (peer !== undefined) peer.#receiveEnd()
  }

  override _read(): void {
    const resume = this.#resumePeer
    this.#resumePeer = undefined
    resume?.()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const peer = this.#peer
    this.bytesWritten += chunk.length
    this.#watchIdleness()
    setImmediate(() => {
      if (peer === undefined || peer.destroyed) done(brokenPipe())
      else peer.#receive(chunk, done)
    })
  }

  override _final(done: () => void): void {
    setImmediate(() => {
      this.#endPeer()
      done()
    })
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#idle?.cancel()
    this._read()
    // In the order of what was written before.
    setImmediate(() => this.#endPeer())
    done(error)
  }
}

function brokenPipe(): Error {
  return Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' })
}
