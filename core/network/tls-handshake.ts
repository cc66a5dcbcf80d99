import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ConnectionOptions, connect, TLSSocket, type TLSSocketOptions } from 'node:tls'
import { ConnectionLost } from './connection-lost.ts'
import { HandshakeFailed, handshakeFault, handshakeOctets } from './handshake-failed.ts'

/** A handshake of TLS on a socket, from one of its ends. */
export abstract class TlsHandshake {
  readonly socket: TLSSocket
  isDone = false

  /** `wake` is called when it is done. */
  protected constructor(socket: TLSSocket, event: 'secure' | 'secureConnect', wake: () => void) {
    this.socket = socket
    socket.once(event, () => {
      this.isDone = true
      wake()
    })
  }

  /** Resolves when something may be said. */
  abstract settled(): Promise<void>

  /** What to throw where it is not done. */
  abstract failure(isLate: boolean): ConnectionLost
}

export class ServerHandshake extends TlsHandshake {
  readonly #octets: () => number

  constructor(plain: Socket, options: TLSSocketOptions, wake: () => void) {
    const octets = handshakeOctets(plain)
    super(new TLSSocket(plain, { ...options, isServer: true }), 'secure', wake)
    this.#octets = octets
  }

  /**
   * OpenSSL writes the tickets of TLS 1.3 only behind the event. A client that sees octets and then waits for the greeting in them would
   * hang where the greeting stood in front.
   */
  async settled(): Promise<void> {
    await nextTurn()
  }

  failure(isLate: boolean): ConnectionLost {
    if (isLate) return new HandshakeFailed('timeout')
    return new HandshakeFailed(handshakeFault(this.socket.errored, this.#octets()))
  }
}

export class ClientHandshake extends TlsHandshake {
  constructor(plain: Socket, options: ConnectionOptions, wake: () => void) {
    super(connect({ ...options, socket: plain }), 'secureConnect', wake)
  }

  async settled(): Promise<void> {}

  failure(): ConnectionLost {
    const { errored } = this.socket
    return new ConnectionLost(errored === null ? {} : { cause: errored })
  }
}
