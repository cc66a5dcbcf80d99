import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const tailLength = 2048

/** What a command took, and how it was answered. */
export interface Timed {
  /** Milliseconds from the first octet sent until the tagged line is there. */
  readonly time: number
  readonly octets: number
  /** All that came where it was asked for, else its end. */
  readonly text: string
}

/** A client that reads nothing while the clock runs: it looks only for the line that ends the answer. */
export class BenchClient {
  readonly socket: Socket
  #chunks: Buffer[] = []
  #octets = 0
  #tail = ''
  #wake: () => void = () => undefined
  #isOver = false
  #count = 0

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#octets += chunk.length
      this.#tail = (this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - tailLength))).slice(
        -tailLength,
      )
      this.#wake()
    })
    const over = (): void => {
      this.#isOver = true
      this.#wake()
    }
    socket.on('close', over).on('error', over)
  }

  static async open(port: number): Promise<BenchClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new BenchClient(socket)
  }

  /** Connects, waits for the greeting, logs in. */
  static async login(port: number, user: string, password: string): Promise<BenchClient> {
    const client = await BenchClient.open(port)
    await client.until((tail) => /^\* OK \[/m.test(tail) && tail.endsWith('\r\n'))
    await client.command(`LOGIN ${user} ${password}`)
    return client
  }

  /** Runs a command that must succeed. Literals stand in its text and wait for nobody. */
  async command(text: string | Buffer): Promise<Timed> {
    const tag = this.nextTag()
    this.#forget()
    const start = performance.now()
    this.socket.write(
      Buffer.concat([Buffer.from(`${tag} `), Buffer.from(text as string), Buffer.from('\r\n')]),
    )
    return await this.#answer(tag, start)
  }

  /** Sends all commands at once, and waits for the last. */
  async pipelined(texts: readonly (string | Buffer)[]): Promise<Timed> {
    const pieces: Buffer[] = []
    let tag = ''
    for (const text of texts) {
      tag = this.nextTag()
      pieces.push(Buffer.from(`${tag} `), Buffer.from(text as string), Buffer.from('\r\n'))
    }
    this.#forget()
    const start = performance.now()
    this.socket.write(Buffer.concat(pieces))
    return await this.#answer(tag, start)
  }

  /** Begins IDLE; answers the tag. */
  async idle(): Promise<string> {
    const tag = this.nextTag()
    this.#forget()
    this.socket.write(`${tag} IDLE\r\n`)
    await this.until((tail) => /^\+ /m.test(tail))
    this.#forget()
    return tag
  }

  async done(tag: string): Promise<void> {
    this.socket.write('DONE\r\n')
    await this.until((tail) => tail.includes(`${tag} OK`))
  }

  /** Waits until what has come last is so. */
  async until(isThere: (tail: string) => boolean): Promise<void> {
    while (!isThere(this.#tail)) {
      if (this.#isOver) throw new Error(`the server hung up: ${this.#tail.slice(-200)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  nextTag(): string {
    this.#count += 1
    return `z${this.#count}q`
  }

  close(): void {
    this.socket.destroy()
  }

  #forget(): void {
    this.#chunks = []
    this.#octets = 0
    this.#tail = ''
  }

  async #answer(tag: string, start: number): Promise<Timed> {
    // At the very end, as the last line: a message may hold such a line as well.
    const end = new RegExp(`(?:^|\\n)${tag} ([A-Z]+) [^\\r\\n]*\\r\\n$`)
    await this.until((tail) => tail.endsWith('\r\n') && end.test(tail))
    const time = performance.now() - start
    const [, condition] = end.exec(this.#tail) ?? []
    if (condition !== 'OK') throw new Error(this.#tail.slice(-300))
    return { time, octets: this.#octets, text: Buffer.concat(this.#chunks).toString('latin1') }
  }
}
