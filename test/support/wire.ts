import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'

/** A client's end of a connection, in octets as latin1 text, that can also behave badly. */
export class Wire {
  readonly socket: Socket
  #received = ''
  #over = false
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1')
      this.#wake()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#over = true
      this.#wake()
    })
  }

  send(text: string | Buffer): this {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
    return this
  }

  /** What comes up to and with this text; fails where the connection ends before. */
  async until(text: string): Promise<string> {
    for (let from = 0; ; ) {
      const at = this.#received.indexOf(text, from)
      if (at !== -1) {
        const found = this.#received.slice(0, at + text.length)
        this.#received = this.#received.slice(at + text.length)
        return found
      }
      from = Math.max(0, this.#received.length - text.length)
      if (this.#over) throw new Error(`closed after ${JSON.stringify(this.#received.slice(-200))}`)
      await this.#more()
    }
  }

  /** One line without its CRLF. */
  async line(): Promise<string> {
    return (await this.until('\r\n')).slice(0, -2)
  }

  async ask(command: string): Promise<string> {
    return await this.send(`${command}\r\n`).line()
  }

  /** All that still comes until the other side closes. */
  async rest(): Promise<string> {
    while (!this.#over) await this.#more()
    return this.#received
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Goes on under TLS; rejects where the handshake fails. */
  async secure(options: ConnectionOptions = {}): Promise<Wire> {
    this.socket.removeAllListeners('data')
    return new Wire(await handshake({ ...options, socket: this.socket }))
  }
}

/** Connects in clear. */
export function wireTo(port: number): Wire {
  return new Wire(connectTcp(port, '127.0.0.1'))
}

/** Connects with TLS from the first octet. */
export async function tlsWireTo(port: number, options: ConnectionOptions = {}): Promise<Wire> {
  return new Wire(await handshake({ ...options, port, host: '127.0.0.1' }))
}

function handshake(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ rejectUnauthorized: false, ...options }, () => resolve(socket))
    socket.once('error', reject)
  })
}
