import type { Socket } from 'node:net'
import { handshakeFault, handshakeOctets } from 'mailwright/network'

/** A client's handshake of TLS. What goes wrong with it is told once, whatever tells of it first. */
export class Handshake {
  /** The TLS socket; while the handshake goes on it has to be destroyed instead of the one below it. */
  readonly socket: Socket
  readonly #octets: () => number
  readonly #tell: (reason: string) => void
  #isOver = false

  constructor(socket: Socket, plain: Socket, tell: (reason: string) => void) {
    this.socket = socket
    this.#octets = handshakeOctets(plain)
    this.#tell = tell
    socket.once('secure', () => this.#end(undefined))
    // Half a connection may be open as long as it likes; half a handshake is none.
    socket.once('end', () => this.#ended())
  }

  /** By an error, or with the connection's end. */
  failed(error: Error | null): void {
    this.#end(handshakeFault(error, this.#octets()))
  }

  late(): void {
    this.#end('timeout')
    this.socket.destroy()
  }

  /** It is we who do not want it any more. */
  abandon(): void {
    this.#end(undefined)
    this.socket.destroy()
  }

  #ended(): void {
    if (this.#isOver) return
    this.failed(null)
    this.socket.destroy()
  }

  #end(reason: string | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    if (reason !== undefined) this.#tell(reason)
  }
}
