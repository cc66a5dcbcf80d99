import type { Socket } from 'node:net'
import { TLSSocket, type TLSSocketOptions } from 'node:tls'
import type { Clock } from 'mailwright'
import { LineBuffer, type LineResult } from './line-buffer.ts'

/** The client is gone, or was sent away: whatever was being done for it ends. */
export class ConnectionLost extends Error {
  constructor(options: ErrorOptions = {}) {
    super('the connection is lost', options)
    this.name = 'ConnectionLost'
  }
}

export type ReadResult = LineResult | { readonly kind: 'timeout' } | { readonly kind: 'closed' }

/** Octets of unread commands above which nothing more is taken from the client. */
const readAhead = 16_384
/** Milliseconds a client gets to close, once the system has the last answer. */
const lingerTime = 2_000

/**
 * One client's socket, read by lines and written with back-pressure, in clear or under TLS. Answers to commands that
 * came together leave together. One reader and one writer at a time.
 */
export class Connection {
  readonly #clock: Clock
  readonly #writeTimeout: number
  readonly #lines = new LineBuffer()
  #socket: Socket
  #ended = false
  #closed = false
  #corked = false
  #wake: (() => void) | undefined
  readonly #closing = Promise.withResolvers<void>()
  /** Resolves when the socket has closed. */
  readonly closed: Promise<void> = this.#closing.promise

  constructor(socket: Socket, clock: Clock, writeTimeout: number) {
    this.#clock = clock
    this.#writeTimeout = writeTimeout
    this.#socket = socket
    socket.setNoDelay(true)
    // A maildrop stays locked as long as its session: dead clients must be noticed.
    socket.setKeepAlive(true, 60_000)
    this.#attach()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#lines.push(chunk)
    if (this.#lines.size >= readAhead) this.#socket.pause()
    this.#wake?.()
  }
  readonly #onEnd = (): void => {
    this.#ended = true
    this.#wake?.()
  }
  readonly #onClosed = (): void => {
    this.#ended = true
    this.#closed = true
    this.#wake?.()
    this.#closing.resolve()
  }
  /** 'close' follows every 'error'. */
  readonly #onError = (): void => undefined

  #attach(): void {
    const socket = this.#socket
    // A client that sends all its commands and closes its side still gets its answers.
    socket.allowHalfOpen = true
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClosed)
    socket.on('error', this.#onError)
    socket.on('drain', this.#onDrain)
    if (socket.destroyed) this.#onClosed()
  }

  readonly #onDrain = (): void => this.#wake?.()

  /** Octets that came in and are not read yet. */
  get unread(): number {
    return this.#lines.size + this.#socket.readableLength
  }

  /** The next line; waits at most so many milliseconds for its end, however the octets trickle. */
  async readLine(limit: number, timeout: number): Promise<ReadResult> {
    let line = this.#lines.next(limit)
    if (line === undefined) {
      this.#flush()
      let expired = false
      const timer = this.#clock.after(timeout, () => {
        expired = true
        this.#wake?.()
      })
      while (line === undefined && !this.#ended && !expired) {
        this.#socket.resume()
        await this.#woken()
        line = this.#lines.next(limit)
      }
      timer.cancel()
      if (line === undefined) return { kind: this.#ended ? 'closed' : 'timeout' }
    }
    if (this.#closed) return { kind: 'closed' }
    this.#cork()
    return line
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }

  #cork(): void {
    if (this.#corked) return
    this.#corked = true
    this.#socket.cork()
  }

  #flush(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  /** Resolves when more may be written. Rejects with {@link ConnectionLost}, also where the client does not read. */
  async write(data: string | Buffer): Promise<void> {
    if (this.#closed || this.#socket.writableEnded) throw new ConnectionLost()
    if (this.#socket.write(data)) return
    this.#flush()
    if (!this.#socket.writableNeedDrain) return
    const timer = this.#clock.after(this.#writeTimeout, () => this.destroy())
    while (this.#socket.writableNeedDrain && !this.#closed) await this.#woken()
    timer.cancel()
    if (this.#closed) throw new ConnectionLost()
  }

  /** Waits, but not for a client that has gone. */
  async delay(milliseconds: number): Promise<void> {
    let over = false
    this.#flush()
    const timer = this.#clock.after(milliseconds, () => {
      over = true
      this.#wake?.()
    })
    while (!over && !this.#closed) await this.#woken()
    timer.cancel()
    if (this.#closed) throw new ConnectionLost()
  }

  /**
   * Goes on under TLS, as the server. What came in clear and was not read yet is never taken for commands: the caller
   * checks `unread`. Rejects with {@link ConnectionLost} where the handshake fails or takes too long.
   */
  async secure(options: TLSSocketOptions, timeout: number): Promise<TLSSocket> {
    if (this.#closed) throw new ConnectionLost()
    const plain = this.#socket
    this.#flush()
    plain.off('data', this.#onData)
    plain.off('end', this.#onEnd)
    plain.off('close', this.#onClosed)
    plain.off('drain', this.#onDrain)
    plain.pause()
    this.#lines.clear()
    const timer = this.#clock.after(timeout, () => this.destroy())
    // What was said in clear must be on its way before TLS takes the socket.
    if (plain.writableLength > 0) await new Promise<void>((resolve) => plain.write('', () => resolve()))
    const secured = new TLSSocket(plain, { ...options, isServer: true })
    this.#socket = secured
    let established = false
    secured.once('secure', () => {
      established = true
      this.#wake?.()
    })
    this.#attach()
    while (!established && !this.#closed) await this.#woken()
    timer.cancel()
    if (this.#closed) throw new ConnectionLost()
    return secured
  }

  /** Sends what is left and closes. What the client still sends is thrown away, so that no reset eats the last answer. */
  end(): void {
    if (this.#closed) return
    this.#flush()
    this.#socket.off('data', this.#onData)
    this.#lines.clear()
    let timer = this.#clock.after(this.#writeTimeout, () => this.destroy())
    this.#socket.once('close', () => timer.cancel())
    this.#socket.end(() => {
      timer.cancel()
      if (!this.#closed) timer = this.#clock.after(lingerTime, () => this.destroy())
    })
    this.#socket.resume()
  }

  /** Closes at once; nothing that has come in is read any more. */
  destroy(): void {
    this.#closed = true
    this.#ended = true
    this.#wake?.()
    this.#socket.destroy()
  }
}
