import { connect, type Socket } from 'node:net'

/** A client of line protocols for tests: sends lines, waits for lines. Waits end with the connection. */
export class LineClient {
  readonly socket: Socket
  #text = ''
  #ended = false
  #wake: () => void = () => undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#text += text
      this.#wake()
    })
    const end = () => {
      this.#ended = true
      this.#wake()
    }
    socket.on('close', end)
    socket.on('error', end)
  }

  static async open(port: number, host = '127.0.0.1'): Promise<LineClient> {
    const socket = connect(port, host)
    const client = new LineClient(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return client
  }

  /** The next line without its CRLF; undefined at the end of the connection. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        return line
      }
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** An SMTP reply: its last line. */
  async reply(): Promise<string | undefined> {
    for (;;) {
      const line = await this.line()
      if (line === undefined || line[3] !== '-') return line
    }
  }

  /** Lines up to one that is a lone dot, as POP3 answers. */
  async block(): Promise<readonly string[]> {
    const lines: string[] = []
    for (;;) {
      const line = await this.line()
      if (line === undefined || line === '.') return lines
      lines.push(line.startsWith('..') ? line.slice(1) : line)
    }
  }

  send(text: string): void {
    this.socket.write(`${text}\r\n`, 'latin1')
  }

  /** Sends a command and answers its SMTP reply. */
  ask(text: string): Promise<string | undefined> {
    this.send(text)
    return this.reply()
  }

  close(): void {
    this.socket.destroy()
  }
}
