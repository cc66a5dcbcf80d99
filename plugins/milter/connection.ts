import { connect, type Socket } from 'node:net'
import { type Clock, UnavailableError } from 'mailwright'
import type { SocketAddress } from 'mailwright/network'
import { type Packet, type PacketLimits, PacketReader } from './packet.ts'

// Packets that wait to be read before no more is taken from the socket.
const mostWaiting = 16
// Milliseconds that a milter gets to close its side.
const patience = 5_000

/** Whoever waits for something. */
interface Waiter {
  readonly wake: () => void
  readonly fail: (error: Error) => void
}

/** The connection to a milter for one session. What fails once fails for good: MAIL_E_UNAVAILABLE. */
export class MilterConnection {
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #reader: PacketReader
  readonly #packets: Packet[] = []
  #failure: Error | undefined
  #waiter: Waiter | undefined
  #isConnected = false

  constructor(address: SocketAddress, limits: PacketLimits, clock: Clock) {
    this.#clock = clock
    this.#reader = new PacketReader(limits)
    this.#socket = connect({ ...address, noDelay: true })
    this.#socket.on('connect', () => {
      this.#isConnected = true
      this.#waiter?.wake()
    })
    this.#socket.on('data', (piece: Buffer) => this.#take(piece))
    this.#socket.on('drain', () => this.#waiter?.wake())
    this.#socket.on('error', (error) => this.#fail(new UnavailableError('it', { cause: error })))
    this.#socket.on('close', () => this.#fail(new UnavailableError('it closed the connection')))
  }

  /** Whether something has come that nobody has read. */
  get hasUnread(): boolean {
    return this.#packets.length > 0
  }

  /** Resolves when the milter has taken the connection. */
  async opened(timeout: number): Promise<void> {
    await this.#until(() => this.#isConnected, timeout, 'it did not take the connection in time')
  }

  /** Resolves when the octets are on their way, as far as the milter reads. */
  async send(octets: Buffer, timeout: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#socket.write(octets)) return
    const isWritten = () => !this.#socket.writableNeedDrain
    await this.#until(isWritten, timeout, 'it did not read in time')
  }

  /** Sends a few octets that nobody waits for. */
  post(octets: Buffer): void {
    if (this.#failure === undefined) this.#socket.write(octets)
  }

  /** The next packet. */
  async read(timeout: number): Promise<Packet> {
    await this.#until(() => this.#packets.length > 0, timeout, 'it did not answer in time')
    const packet = this.#packets.shift()
    if (packet === undefined) throw new UnavailableError('it sent nothing')
    this.#sort()
    return packet
  }

  /** Ends it, after a last packet. */
  close(last?: Buffer): void {
    this.#failure ??= new UnavailableError('the connection is closed')
    this.#waiter?.fail(this.#failure)
    if (last === undefined || !this.#isConnected) {
      this.#socket.destroy()
      return
    }
    const timer = this.#clock.after(patience, () => this.#socket.destroy())
    this.#socket.once('close', () => timer.cancel())
    this.#socket.end(last)
    // What comes now is nobody's; the end is only seen where it is read.
    this.#socket.removeAllListeners('data')
    this.#socket.resume()
  }

  #take(piece: Buffer): void {
    this.#reader.push(piece)
    this.#sort()
  }

  #sort(): void {
    try {
      while (this.#packets.length < mostWaiting) {
        const packet = this.#reader.next()
        if (packet === undefined) break
        this.#packets.push(packet)
      }
    } catch (error) {
      this.#fail(error as Error)
      return
    }
    if (this.#packets.length < mostWaiting) this.#socket.resume()
    else this.#socket.pause()
    if (this.#packets.length > 0) this.#waiter?.wake()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#waiter?.fail(this.#failure)
    this.#socket.destroy()
  }

  /** Waits for a condition that an event of the socket may bring about. What has come before a failure is still good. */
  async #until(isSo: () => boolean, timeout: number, problem: string): Promise<void> {
    if (isSo()) return
    if (this.#failure !== undefined) throw this.#failure
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiter = { wake: () => isSo() && resolve(), fail: reject }
    const timer = this.#clock.after(timeout, () => this.#fail(new UnavailableError(problem)))
    try {
      await promise
    } finally {
      timer.cancel()
      this.#waiter = undefined
    }
  }
}
