import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions, TLSSocket, TLSSocketOptions } from 'node:tls'
import type { Clock } from '../clock.ts'
import { Pacer } from '../summary/pacer.ts'
import { AnswerDeadline } from './answer-deadline.ts'
import { ConnectionLost } from './connection-lost.ts'
import { DeflateTransport } from './deflate-transport.ts'
import { LineBuffer } from './line-buffer.ts'
import { isClosed, type OctetsResult, type ReadResult, timedOut } from './read-result.ts'
import { Sleeper } from './sleeper.ts'
import { ClientHandshake, ServerHandshake, type TlsHandshake } from './tls-handshake.ts'

/** Octets of unread commands above which nothing more is taken from the client. */
const readAhead = 16_384
/** Milliseconds a client gets to close, once the system has the last answer. */
const lingerTime = 2_000

/**
 * One client's socket, read by lines and written with back-pressure, in clear, under TLS, compressed. Answers to
 * commands that came together leave together. One reader and one writer at a time; both may wait at once.
 */
export class LineConnection {
  readonly #clock: Clock
  readonly #writeTimeout: number
  readonly #lines = new LineBuffer()
  readonly #pacer = new Pacer()
  /** What carries the octets: the client's socket, TLS on it, compression on either. */
  #socket: Duplex
  readonly #client: Socket
  #ended = false
  #closed = false
  /** It was ended from here. */
  #destroyed = false
  #corked = false
  #halfClosed: AnswerDeadline | undefined
  readonly #reader = new Sleeper()
  readonly #writer = new Sleeper()
  readonly #closing = Promise.withResolvers<void>()
  /** Resolves when the socket has closed. */
  readonly closed: Promise<void> = this.#closing.promise

  constructor(socket: Socket, clock: Clock, writeTimeout: number) {
    this.#clock = clock
    this.#writeTimeout = writeTimeout
    this.#socket = socket
    this.#client = socket
    socket.setNoDelay(true)
    // What a session holds (a lock, say) it holds as long as its client lives: dead ones must be noticed.
    socket.setKeepAlive(true, 60_000)
    this.#attach()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#lines.push(chunk)
    if (this.#lines.size >= readAhead) this.#socket.pause()
    this.#reader.wake()
  }
  readonly #onEnd = (): void => {
    this.#ended = true
    this.flush()
    this.#halfClosed ??= new AnswerDeadline(this.#clock, this)
    this.#reader.wake()
  }
  readonly #onClosed = (): void => {
    this.#ended = true
    this.#closed = true
    this.#reader.wake()
    this.#writer.wake()
    this.#closing.resolve()
  }
  readonly #onDrain = (): void => this.#writer.wake()

  #attach(): void {
    const socket = this.#socket
    // A client that sends all its commands and closes its side still gets its answers.
    socket.allowHalfOpen = true
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onClosed)
    // 'close' follows every 'error'.
    socket.on('error', () => undefined)
    socket.on('drain', this.#onDrain)
    if (socket.destroyed) this.#onClosed()
  }

  /** Octets that came in and are not read yet. */
  get unread(): number {
    return this.#lines.size + this.#socket.readableLength
  }

  /** Whether the connection is over: nothing can be written any more. */
  get isClosed(): boolean {
    return this.#closed
  }

  /** Whether an answer waits for the other side to read. */
  get isSending(): boolean {
    return this.#socket.writableNeedDrain
  }

  /** Whether the other side says nothing more: it has closed its side, or all of it. */
  get hasEnded(): boolean {
    return this.#ended
  }

  /** The next line; waits at most so many milliseconds for its end, however the octets trickle. */
  async readLine(limit: number, timeout: number): Promise<ReadResult> {
    let line = this.#lines.next(limit)
    if (line === undefined) line = await this.#awaited(() => this.#lines.next(limit), timeout)
    // Who sends thousands of commands at once, none of which waits for anything, is not the only one here.
    else if (this.#pacer.isDue) await this.#pacer.rest()
    if (this.#closed) return isClosed
    if (line === undefined) return this.#ended ? isClosed : timedOut
    this.#cork()
    return line
  }

  /** Between one and `limit` octets, whatever they are; waits at most so many milliseconds for the first. */
  async readOctets(limit: number, timeout: number): Promise<OctetsResult> {
    const octets = this.#lines.take(limit) ?? (await this.#awaited(() => this.#lines.take(limit), timeout))
    if (this.#closed) return isClosed
    if (octets === undefined) return this.#ended ? isClosed : timedOut
    return { kind: 'octets', octets }
  }

  /** What `look` finds once more has come in; undefined where nothing did in that time. */
  async #awaited<T>(look: () => T | undefined, timeout: number): Promise<T | undefined> {
    this.flush()
    let expired = false
    const timer = this.#clock.after(timeout, () => {
      expired = true
      this.#reader.wake()
    })
    let found: T | undefined
    while (found === undefined && !this.#ended && !expired) {
      this.#socket.resume()
      await this.#reader.woken()
      found = look()
    }
    timer.cancel()
    this.#pacer.restart()
    return found
  }

  /** Nothing more comes behind who has closed its side: what is answered there does not wait. */
  #cork(): void {
    if (this.#corked || this.#ended) return
    this.#corked = true
    this.#socket.cork()
  }

  /** Sends what waits for more. */
  flush(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  /**
   * Resolves when more may be written; a text is UTF-8 where nothing else is said. Rejects with {@link ConnectionLost},
   * also where the client does not read.
   */
  async write(data: string | Buffer, encoding: 'utf8' | 'latin1' = 'utf8'): Promise<void> {
    if (this.#closed || this.#socket.writableEnded) throw new ConnectionLost()
    this.#halfClosed?.answered()
    if (this.#socket.write(data, encoding)) return
    this.flush()
    if (!this.#socket.writableNeedDrain) return
    const timer = this.#clock.after(this.#writeTimeout, () => this.destroy())
    while (this.#socket.writableNeedDrain && !this.#closed) await this.#writer.woken()
    timer.cancel()
    if (this.#closed) throw new ConnectionLost()
    this.#halfClosed?.answered()
  }

  /** Waits, but not for a client that has gone. */
  async delay(milliseconds: number): Promise<void> {
    let over = false
    this.flush()
    const timer = this.#clock.after(milliseconds, () => {
      over = true
      this.#reader.wake()
    })
    while (!over && !this.#closed) await this.#reader.woken()
    timer.cancel()
    if (this.#closed) throw new ConnectionLost()
  }

  /**
   * Goes on under TLS, as the server. What has come and was not read yet belongs to the handshake, which fails on what came in
   * clear; the caller checks `unread` behind a command. Rejects with {@link HandshakeFailed} where the handshake fails or takes too long.
   */
  async secure(options: TLSSocketOptions, timeout: number): Promise<TLSSocket> {
    return this.#secure(timeout, (plain, wake) => new ServerHandshake(plain, options, wake))
  }

  /** The same as the client. Rejects with {@link ConnectionLost}; what was wrong with the handshake is the `cause`. */
  async secureAsClient(options: ConnectionOptions, timeout: number): Promise<TLSSocket> {
    return this.#secure(timeout, (plain, wake) => new ClientHandshake(plain, options, wake))
  }

  async #secure(
    timeout: number,
    begin: (plain: Socket, wake: () => void) => TlsHandshake,
  ): Promise<TLSSocket> {
    if (this.#closed) throw new ConnectionLost()
    const plain = this.#client
    this.flush()
    this.#detach()
    const early = this.#lines.rest()
    if (early.length > 0 && !this.#ended) plain.unshift(early)
    let isLate = false
    const timer = this.#clock.after(timeout, () => {
      isLate = true
      this.destroy()
    })
    // What was said in clear must be on its way before TLS takes the socket.
    if (plain.writableLength > 0) await new Promise<void>((resolve) => plain.write('', () => resolve()))
    const handshake = begin(plain, () => this.#reader.wake())
    this.#socket = handshake.socket
    this.#attach()
    while (!handshake.isDone && !this.#ended) await this.#reader.woken()
    timer.cancel()
    if (handshake.isDone) await handshake.settled()
    if (handshake.isDone && !this.#closed) return handshake.socket
    const isOurs = this.#destroyed && !isLate
    this.destroy()
    throw handshake.isDone || isOurs ? new ConnectionLost() : handshake.failure(isLate)
  }

  #detach(): void {
    const socket = this.#socket
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('close', this.#onClosed)
    socket.off('drain', this.#onDrain)
    socket.pause()
  }

  /**
   * Goes on compressed in both directions (RFC 4978). What the client has sent already behind the command is compressed.
   * A peer that sends what cannot be inflated is cut off.
   */
  compress(): void {
    this.flush()
    this.#detach()
    const early = this.#lines.rest()
    this.#socket = new DeflateTransport(this.#socket, early, this.#clock)
    this.#attach()
  }

  /**
   * Goes on without compression where there is one (RFC 8437 §4.1). `finish` writes the last that is compressed: what the
   * client answers to it is in clear. What it has sent before is lost.
   */
  async decompress(finish: () => Promise<void>): Promise<void> {
    const transport = this.#socket
    if (!(transport instanceof DeflateTransport)) return finish()
    transport.holdInput()
    await finish()
    this.flush()
    this.#detach()
    this.#lines.clear()
    const timer = this.#clock.after(this.#writeTimeout, () => this.destroy())
    this.#socket = await transport.release()
    timer.cancel()
    this.#attach()
  }

  /** Sends what is left and closes. What the client still sends is thrown away, so that no reset eats the last answer. */
  end(): void {
    if (this.#closed) return
    this.flush()
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
    this.#destroyed = true
    this.#closed = true
    this.#ended = true
    this.#reader.wake()
    this.#writer.wake()
    this.#socket.destroy()
  }
}
