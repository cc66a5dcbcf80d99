import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw } from 'node:zlib'
import { ResponseStream } from './grammar/index.ts'

/** A connection to an IMAP server: octets out, whole responses in; TLS and compression can begin at any time. */
export class ImapTransport {
  #stream: Duplex
  readonly #responses = new ResponseStream()
  #deflate: DeflateRaw | undefined
  #isOver = false
  #wake: () => void = () => undefined
  readonly #patience: number
  readonly #receive = (chunk: Buffer): void => {
    this.#responses.push(chunk)
    this.#wake()
  }
  readonly #over = (): void => {
    this.#isOver = true
    this.#wake()
  }

  private constructor(stream: Duplex, patience: number) {
    this.#stream = stream
    this.#patience = patience
    this.#listen(stream)
  }

  /** Connects; a response that does not come within so many milliseconds is an error. */
  static async open(port: number, patience: number, host = '127.0.0.1'): Promise<ImapTransport> {
    const socket: Socket = connect(port, host)
    await once(socket, 'connect')
    socket.setNoDelay(true)
    return new ImapTransport(socket, patience)
  }

  send(octets: Buffer): void {
    if (this.#deflate === undefined) this.#stream.write(octets)
    else {
      this.#deflate.write(octets)
      this.#deflate.flush(constants.Z_SYNC_FLUSH)
    }
  }

  /** The octets of the next response; undefined where the server ended the connection instead. */
  async next(): Promise<Buffer | undefined> {
    const deadline = AbortSignal.timeout(this.#patience)
    const wake = (): void => this.#wake()
    deadline.addEventListener('abort', wake)
    try {
      for (;;) {
        const response = this.#responses.next()
        if (response !== undefined) return response
        if (this.#isOver) return undefined
        if (deadline.aborted) throw new Error(`nothing from the server within ${this.#patience} ms`)
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      deadline.removeEventListener('abort', wake)
    }
  }

  /** Begins TLS, whatever the certificate. What came in clear behind the answer to STARTTLS is an error. */
  async secure(): Promise<void> {
    this.#demandNothingLeft()
    this.#deafen()
    const secured = connectTls({ socket: this.#stream, servername: 'localhost', rejectUnauthorized: false })
    await once(secured, 'secureConnect', { signal: AbortSignal.timeout(this.#patience) })
    this.#stream = secured
    this.#listen(secured)
  }

  /** Begins COMPRESS=DEFLATE (RFC 4978). */
  compress(): void {
    this.#demandNothingLeft()
    const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH })
    this.#deafen()
    // The end of the connection shows behind what was still to be inflated.
    this.#stream.on('error', () => inflate.end()).pipe(inflate)
    this.#listen(inflate)
    this.#deflate = createDeflateRaw()
    this.#deflate.pipe(this.#stream)
  }

  /** Ends the client's side. */
  end(): void {
    this.#stream.end()
  }

  close(): void {
    this.#stream.destroy()
  }

  #demandNothingLeft(): void {
    const left = this.#responses.take()
    if (left.length > 0) throw new Error(`the server went on in clear: ${left.toString('latin1', 0, 100)}`)
  }

  #listen(stream: NodeJS.ReadableStream): void {
    stream.on('data', this.#receive)
    for (const event of ['end', 'close', 'error']) stream.on(event, this.#over)
  }

  #deafen(): void {
    this.#stream.off('data', this.#receive)
    for (const event of ['end', 'close', 'error']) this.#stream.off(event, this.#over)
  }
}
